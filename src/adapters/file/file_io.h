#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// The whole of a file. `size` is what it is expected to be, `path` is for errors.
Result<std::string> read_all(const FileDescriptor& file, std::size_t size, const std::string& path);
Status write_all(const FileDescriptor& file, std::string_view bytes, const std::string& path);

/// Brings a file, or the names in a directory, to the disk. `what` is for errors.
Status sync(const FileDescriptor& file, const std::string& what);
/// A file's bytes and length, without its times.
Status sync_data(const FileDescriptor& file, const std::string& what);
/// A new file's name is on disk when its directory is.
Status sync_directory_of(const std::string& path);

/// Whether the open file still is the one of that name: not removed, and not replaced.
bool is_named(const FileDescriptor& file, const std::string& path);

/// Holds flock() on an open file, apart from all other openings of it, until the end of its life.
/// The file outlives it.
class FileLock {
 public:
  /// Blocks until the lock is had. `path` is for errors.
  static Result<FileLock> take(const FileDescriptor& file, const std::string& path);
  /// None if another opening has it; does not block.
  static Result<std::optional<FileLock>> try_take(const FileDescriptor& file,
                                                  const std::string& path);
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace waybill
