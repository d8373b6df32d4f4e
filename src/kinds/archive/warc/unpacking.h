#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// A part of a file, with gzip undone where it begins with a gzip member: then member after member.
/// Memory does not grow with it. Not thread-safe.
class UnpackingFile {
 public:
  /// From `offset` on, `size` bytes of it. The file outlives this.
  UnpackingFile(const FileDescriptor& file, std::int64_t offset, std::int64_t size);
  ~UnpackingFile();
  UnpackingFile(const UnpackingFile&) = delete;
  UnpackingFile& operator=(const UnpackingFile&) = delete;

  /// Fills the beginning of `room`; answers how much of it, 0: that was all.
  /// `failed_precondition` for what no gzip is, or is cut off.
  Result<std::size_t> read(std::span<char> room);
  /// So much of the part was read.
  std::int64_t position() const;

 private:
  struct Stream;
  Result<std::size_t> fill();
  Result<std::size_t> unpack(std::span<char> room);

  const FileDescriptor& file_;
  const std::int64_t begin_;
  const std::int64_t end_;
  std::int64_t at_;
  std::unique_ptr<char[]> buffer_;
  std::size_t next_ = 0;  // in the buffer
  std::size_t size_ = 0;
  std::unique_ptr<Stream> stream_;  // null: it is not packed
  bool is_begun_ = false;
  bool is_in_member_ = false;
};

}  // namespace waybill
