#include "adapters/file/done_ids.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <utility>

#include "adapters/file/file_io.h"
#include "base/uuid.h"

namespace waybill {
namespace {

constexpr std::int64_t kShrinkFrom = 64 << 10;  // a smaller file is not worth it

std::string line_of(const Uuid& id, Time at) {
  return std::to_string(to_micros(at)) + " " + to_string(id) + "\n";
}

Status write_durably(const FileDescriptor& file, std::string_view text, const std::string& path) {
  if (Status written = write_all(file, text, path); !written) return written;
  return sync_data(file, path);
}

}  // namespace

FileDoneIds::FileDoneIds(std::string path, Clock& clock, const FileDoneIdsOptions& options)
    : path_(std::move(path)), clock_(clock), options_(options) {}

Result<std::unique_ptr<FileDoneIds>> FileDoneIds::open(std::string path, Clock& clock,
                                                       const FileDoneIdsOptions& options) {
  auto ids = std::make_unique<FileDoneIds>(std::move(path), clock, options);
  const Lock lock(ids->mutex_);
  if (const Status read = ids->refresh(); !read) return fail(read.error());
  return ids;
}

Status FileDoneIds::refresh() {
  if (!file_.is_open() || !is_named(file_, path_)) {
    FileDescriptor opened(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!opened.is_open()) return fail(system_error(errno, "opening " + path_));
    if (const Status synced = sync_directory_of(path_); !synced) return synced;
    file_ = std::move(opened);
    read_to_ = 0;
    ids_.emplace(options_.window, options_.count_max);
  }
  return read_lines();
}

Status FileDoneIds::read_lines() {
  std::array<char, 64 << 10> buffer{};
  std::string text;
  for (;;) {
    const ssize_t got = ::pread(file_.get(), buffer.data(), buffer.size(),
                                read_to_ + static_cast<std::int64_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading " + path_));
    if (got == 0) return {};
    text.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n', begin)) {
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      const std::size_t space = line.find(' ');
      std::int64_t micros = 0;
      std::from_chars(line.data(), line.data() + std::min(space, line.size()), micros);
      const auto id = parse_uuid(space == line.npos ? "" : line.substr(space + 1));
      if (id && micros > 0 && micros < to_micros(kTimeMax)) ids_->add(*id, from_micros(micros));
      begin = end + 1;
    }
    read_to_ += static_cast<std::int64_t>(begin);
    text.erase(0, begin);
  }
}

Result<bool> FileDoneIds::contains(const std::string& id) {
  const Time now = clock_.now();
  const Lock lock(mutex_);
  if (const Status read = refresh(); !read) return fail(read.error());
  return ids_->contains(uuid_v5(kTaskNamespace, id), now);
}

Status FileDoneIds::add(const std::string& id) {
  const std::string line = line_of(uuid_v5(kTaskNamespace, id), clock_.now());
  const Lock lock(mutex_);
  return append(line);
}

Status FileDoneIds::append(const std::string& line) {
  for (;;) {
    if (const Status read = refresh(); !read) return read;
    const auto file_lock = FileLock::take(file_, path_);
    if (!file_lock) return fail(file_lock.error());
    if (!is_named(file_, path_)) continue;  // by one that held the lock before
    if (const Status read = read_lines(); !read) return read;
    struct stat now {};
    if (::fstat(file_.get(), &now) != 0) return fail(system_error(errno, "looking at " + path_));
    // A line without an end is what a crash left.
    const bool torn = now.st_size > read_to_;
    if (const Status written = write_durably(file_, torn ? "\n" + line : line, path_); !written) {
      return written;
    }
    if (const Status read = read_lines(); !read) return read;
    return shrink();
  }
}

Status FileDoneIds::shrink() {
  ids_->tidy(clock_.now());
  const auto wanted = static_cast<std::int64_t>(ids_->in_order().size() * 54);
  if (read_to_ < kShrinkFrom || read_to_ < 2 * wanted) return {};
  std::string text;
  for (const auto& [id, at] : ids_->in_order()) text += line_of(id, at);
  const std::string fresh = path_ + ".new";
  {
    const FileDescriptor file(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!file.is_open()) return fail(system_error(errno, "making " + fresh));
    if (const Status written = write_durably(file, text, fresh); !written) return written;
  }
  if (::rename(fresh.c_str(), path_.c_str()) != 0) {
    return fail(system_error(errno, "replacing " + path_));
  }
  return sync_directory_of(path_);
}

}  // namespace waybill
