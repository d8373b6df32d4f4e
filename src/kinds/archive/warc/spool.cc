#include "kinds/archive/warc/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace waybill {
namespace {

constexpr std::size_t kSpoolMemoryBytes = 256 * 1024;
constexpr std::size_t kSpoolReadBytes = 256 * 1024;

}  // namespace

Status write_all(const FileDescriptor& file, std::string_view bytes, std::string_view action) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, action));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status Spool::append(std::string_view bytes) {
  const auto kept =
      bytes.substr(0, kSpoolMemoryBytes - std::min(memory_.size(), kSpoolMemoryBytes));
  memory_ += kept;
  size_ += static_cast<std::int64_t>(bytes.size());
  bytes.remove_prefix(kept.size());
  if (bytes.empty()) return {};
  if (!file_.is_open()) {
    file_ = FileDescriptor(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file_.is_open()) return fail(system_error(errno, "making a file in " + directory_));
  }
  return write_all(file_, bytes, "writing a file in " + directory_);
}

Status Spool::give(const ByteSink& sink) const {
  if (!memory_.empty()) {
    if (Status taken = sink(memory_); !taken) return taken;
  }
  std::int64_t left = size_ - static_cast<std::int64_t>(memory_.size());
  std::string room(left > 0 ? kSpoolReadBytes : 0, '\0');
  for (std::int64_t at = 0; left > 0;) {
    const ssize_t got = ::pread(file_.get(), room.data(), room.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(system_error(got < 0 ? errno : EIO, "reading in " + directory_));
    if (Status taken = sink({room.data(), static_cast<std::size_t>(got)}); !taken) return taken;
    at += got;
    left -= got;
  }
  return {};
}

void Spool::clear() {
  memory_.clear();
  file_ = FileDescriptor();
  size_ = 0;
}

}  // namespace waybill
