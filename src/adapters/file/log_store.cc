#include "adapters/file/log_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/file_descriptor.h"
#include "ports/cursor.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSuffix = ".log";
constexpr int kShards = 256;  // two hexadecimal digits
constexpr std::size_t kLengthsMax = 10'000;

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string file_of(const std::string& directory, std::uint32_t attempt) {
  return directory + "/" + std::to_string(attempt) + std::string(kSuffix);
}

/// Attempts that have a log, in order; none where there is no directory.
Result<std::vector<std::uint32_t>> attempts_in(const std::string& directory) {
  std::vector<std::uint32_t> attempts;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::uint32_t attempt = 0;
    if (name.ends_with(kSuffix) &&
        read_number(std::string_view(name).substr(0, name.size() - kSuffix.size()), attempt)) {
      attempts.push_back(attempt);
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(system_error(error.value(), "listing the logs in " + directory));
  }
  std::sort(attempts.begin(), attempts.end());
  return attempts;
}

/// The directories of the tasks that have a log in a shard.
Result<std::vector<Uuid>> tasks_in(const std::string& shard) {
  std::vector<Uuid> tasks;
  std::error_code error;
  for (fs::directory_iterator entry(shard, error), end; !error && entry != end;
       entry.increment(error)) {
    if (const auto task = parse_uuid(entry->path().filename().string())) tasks.push_back(*task);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(system_error(error.value(), "listing the logs in " + shard));
  }
  return tasks;
}

Result<FileDescriptor> open_to_append(const std::string& directory, std::uint32_t attempt) {
  const std::string path = file_of(directory, attempt);
  constexpr int kFlags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC;
  FileDescriptor file(::open(path.c_str(), kFlags, 0640));
  if (!file.is_open() && errno == ENOENT) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return fail(system_error(error.value(), "making " + directory));
    file = FileDescriptor(::open(path.c_str(), kFlags, 0640));
  }
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  return file;
}

Result<std::uint64_t> size_of(const FileDescriptor& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return fail(system_error(errno, "looking at the length of a log"));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

/// Records at the end of a file of this size: all, or none.
Status add(const FileDescriptor& file, std::uint64_t size, std::string_view records) {
  ssize_t written = 0;
  do {
    written = ::write(file.get(), records.data(), records.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(records.size())) return {};
  // Half a record would hide all that is appended after it.
  const int error = written < 0 ? errno : ENOSPC;
  if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
    return fail(system_error(errno, "taking back half a record"));
  }
  return fail(system_error(error, "appending"));
}

/// Adds the records of one attempt from the place on, until there is no more or the page is full.
Status read_attempt(const std::string& directory, LogPlace& place, std::size_t& room,
                    std::vector<LogChunk>& chunks) {
  const std::string path = file_of(directory, place.attempt);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return {};  // removed meanwhile
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  const auto size = size_of(file);
  if (!size) return fail(with_context(size.error(), path));
  // A place beyond the end comes from outside; the system refuses to look at the farthest of them.
  if (static_cast<std::uint64_t>(place.at) > *size) return {};
  while (room > 0) {
    auto record = read_log_record(file, static_cast<std::uint64_t>(place.at));
    if (!record) return fail(with_context(record.error(), path));
    if (!*record) return {};
    place.at = static_cast<std::int64_t>((*record)->next_offset);
    (*record)->chunk.attempt = place.attempt;
    room -= std::min(room, (*record)->chunk.bytes.size());
    chunks.push_back(std::move((*record)->chunk));
  }
  return {};
}

}  // namespace

Status FileLogStore::append(const Uuid& task, const LogChunk& chunk) {
  if (chunk.bytes.empty()) return {};
  const auto file = open_to_append(directory_of(task), chunk.attempt);
  if (!file) return fail(file.error());
  const auto size = size_of(*file);
  if (!size) return fail(size.error());
  if (Status added = add(*file, *size, encode_log_record(chunk)); !added) {
    return fail(with_context(added.error(), "the log of task " + to_string(task)));
  }
  return {};
}

Status FileLogStore::append_all(const Uuid& task, std::span<const LogChunk> chunks,
                                std::optional<std::uint64_t> before) {
  if (chunks.empty()) return {};
  const Attempt attempt{task, chunks.front().attempt};
  const auto file = open_to_append(directory_of(task), attempt.second);
  if (!file) return fail(file.error());
  // The same may be under way for a request whose client has given it up. Closing unlocks.
  while (::flock(file->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail(system_error(errno, "locking the log of " + to_string(task)));
  }
  const auto size = size_of(*file);
  if (!size) return fail(size.error());
  LogLength length = known_length(attempt);
  if (length.bytes > *size) length = {};  // removed, and begun anew
  if (length.bytes < *size) {
    const auto measured = measure_log(*file, length);
    if (!measured) return fail(measured.error());
    length = *measured;
  }
  // Half a record would hide all that is appended after it.
  if (length.bytes < *size && ::ftruncate(file->get(), static_cast<off_t>(length.bytes)) != 0) {
    return fail(system_error(errno, "mending the log of task " + to_string(task)));
  }
  std::uint64_t passed_over =
      before && length.records > *before ? length.records - *before : std::uint64_t{0};
  std::string records;
  const std::uint64_t start = length.bytes;
  for (const LogChunk& chunk : chunks) {
    if (chunk.bytes.empty()) continue;
    if (passed_over > 0) {
      --passed_over;
      continue;
    }
    records += encode_log_record(chunk);
    ++length.records;
  }
  length.bytes += records.size();
  if (Status added = add(*file, start, records); !added) {
    return fail(with_context(added.error(), "the log of task " + to_string(task)));
  }
  note_length(attempt, length);
  return {};
}

LogLength FileLogStore::known_length(const Attempt& attempt) const {
  const Lock lock(mutex_);
  const auto known = lengths_.find(attempt);
  return known == lengths_.end() ? LogLength{} : known->second;
}

void FileLogStore::note_length(const Attempt& attempt, LogLength length) {
  const Lock lock(mutex_);
  // Without them the file is measured again.
  if (lengths_.size() >= kLengthsMax) lengths_.clear();
  lengths_[attempt] = length;
}

Result<LogPage> FileLogStore::read(const Uuid& task, const std::string& cursor,
                                   std::size_t limit_bytes) {
  auto position = parse_log_cursor(cursor);
  if (!position) return fail(position.error());
  const std::string directory = directory_of(task);
  const auto attempts = attempts_in(directory);
  if (!attempts) return fail(attempts.error());
  LogPage page;
  std::size_t room = std::max<std::size_t>(limit_bytes, 1);
  for (const std::uint32_t attempt : *attempts) {
    if (attempt < position->attempt || room == 0) continue;
    if (attempt > position->attempt) *position = {.attempt = attempt, .at = 0};
    if (const Status done = read_attempt(directory, *position, room, page.chunks); !done) {
      return fail(done.error());
    }
  }
  page.next_cursor = to_cursor(*position);
  return page;
}

Status FileLogStore::remove(const Uuid& task) {
  std::error_code error;
  fs::remove_all(directory_of(task), error);
  if (error)
    return fail(system_error(error.value(), "removing the log of task " + to_string(task)));
  return {};
}

/// A page is a shard, and its number the cursor.
Result<LoggedTasks> FileLogStore::logged(const std::string& cursor) {
  int shard = 0;
  if (!cursor.empty() && (!read_number(cursor, shard) || shard < 0 || shard > kShards)) {
    return fail(not_a_cursor(cursor));
  }
  LoggedTasks page;
  for (; shard < kShards && page.ids.empty(); ++shard) {
    const std::string_view digits = "0123456789abcdef";
    auto tasks = tasks_in(directory_ + "/" + digits[shard / 16] + digits[shard % 16]);
    if (!tasks) return fail(tasks.error());
    page.ids = std::move(*tasks);
  }
  if (shard < kShards) page.next_cursor = std::to_string(shard);
  return page;
}

std::string FileLogStore::directory_of(const Uuid& task) const {
  const std::string id = to_string(task);
  return directory_ + "/" + id.substr(id.size() - 2) + "/" + id;
}

}  // namespace waybill
