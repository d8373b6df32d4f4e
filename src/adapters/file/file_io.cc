#include "adapters/file/file_io.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace waybill {

Result<std::string> read_all(const FileDescriptor& file, std::size_t size,
                             const std::string& path) {
  std::string bytes(size + 1, '\0');  // one more, to see the end without growing
  std::size_t used = 0;
  for (;;) {
    const ssize_t got = ::read(file.get(), bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading " + path));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used == bytes.size()) bytes.resize(2 * bytes.size());
  }
  bytes.resize(used);
  return bytes;
}

Status write_all(const FileDescriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "writing " + path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status sync(const FileDescriptor& file, const std::string& what) {
  if (::fsync(file.get()) == 0) return {};
  return fail(system_error(errno, "syncing " + what));
}

Status sync_data(const FileDescriptor& file, const std::string& what) {
  if (::fdatasync(file.get()) == 0) return {};
  return fail(system_error(errno, "syncing " + what));
}

Status sync_directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string directory = parent.empty() ? "." : parent;
  const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open()) return fail(system_error(errno, "opening " + directory));
  return sync(opened, directory);
}

bool is_named(const FileDescriptor& file, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(file.get(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

Result<FileLock> FileLock::take(const FileDescriptor& file, const std::string& path) {
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail(system_error(errno, "locking " + path));
  }
  return FileLock(file.get());
}

Result<std::optional<FileLock>> FileLock::try_take(const FileDescriptor& file,
                                                   const std::string& path) {
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<FileLock>();
    if (errno != EINTR) return fail(system_error(errno, "locking " + path));
  }
  return std::optional<FileLock>(FileLock(file.get()));
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::flock(fd_, LOCK_UN);
}

}  // namespace waybill
