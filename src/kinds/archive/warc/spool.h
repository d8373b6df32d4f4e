#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "kinds/archive/warc/gzip_member.h"

namespace waybill {

/// Bytes that are kept until it is known what becomes of them: few in memory, many in a nameless
/// file. Not thread-safe.
class Spool {
 public:
  /// Files are made in `directory`.
  explicit Spool(std::string directory) : directory_(std::move(directory)) {}

  Status append(std::string_view bytes);
  std::int64_t size_bytes() const { return size_; }
  /// Gives all of it.
  Status give(const ByteSink& sink) const;
  /// The first bytes, at most so many.
  std::string_view beginning() const { return memory_; }
  void clear();

 private:
  std::string directory_;
  std::string memory_;
  FileDescriptor file_;  // of what is behind that
  std::int64_t size_ = 0;
};

/// All of the bytes, at the end of the file. `action` is for errors.
Status write_all(const FileDescriptor& file, std::string_view bytes, std::string_view action);

}  // namespace waybill
