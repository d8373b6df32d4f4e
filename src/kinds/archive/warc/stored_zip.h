#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// Writes a ZIP file whose members are stored as they are (APPNOTE 6.3.9), with 64-bit sizes where
/// they are needed, so that a reader may ask for parts of a member by range.
class StoredZip {
 public:
  struct Member {
    std::string name;
    std::string sha256;  ///< 64 hexadecimal digits
    std::int64_t size_bytes = 0;
  };
  /// A new file; all members get this time.
  static Result<StoredZip> create(const std::string& path, Time now);

  Status add_text(const std::string& name, std::string_view text);
  Status add_file(const std::string& name, const std::string& path);
  /// Those that were added, in order.
  const std::vector<Member>& members() const { return members_; }
  /// Writes the directory, and puts all of it on disk.
  Status finish();

 private:
  StoredZip(std::string path, FileDescriptor file, Time now);
  Status begin(const std::string& name, std::uint32_t crc, std::int64_t size);
  Status write(std::string_view bytes);

  std::string path_;
  FileDescriptor file_;
  std::uint32_t stamp_ = 0;  // time and date as DOS has them
  std::int64_t at_ = 0;
  std::vector<Member> members_;
  std::string directory_;
};

}  // namespace waybill
