#pragma once

#include <cstdint>
#include <string>

namespace waybill {

/// What tells a file from the one that was there before, also one of the same size and time.
struct FileStamp {
  std::int64_t device = 0;
  std::int64_t inode = 0;
  std::int64_t bytes = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

/// Of the file that is there now; all zero if there is none.
FileStamp stamp_of(const std::string& path);

}  // namespace waybill
