#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill {

/// What `zimdump list --details` says is in a ZIM file, before anything of it is written to disk.
class ZimContents {
 public:
  /// A line. `failed_precondition` for a path that would leave the directory, or that cannot be
  /// told from other lines.
  Status take(std::string_view line);

  const std::vector<std::string>& paths() const { return paths_; }
  std::int64_t size_bytes() const { return size_bytes_; }

 private:
  bool after_path_ = false;
  std::vector<std::string> paths_;
  std::int64_t size_bytes_ = 0;
};

}  // namespace waybill
