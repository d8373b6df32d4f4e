#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

namespace waybill {

/// A file system.
struct DiskSpace {
  std::int64_t free_bytes = 0;
  std::int64_t size_bytes = 0;

  enum class Is : std::uint8_t {
    good,
    low,   ///< less than a tenth is free, as the alerts have it
    full,  ///< less than a fiftieth: work is about to stop
  };
  Is state() const;
};
std::string_view to_string(DiskSpace::Is is);

/// What a server takes, and has left.
struct DiskUse {
  DiskSpace data;                      ///< where the data directory is
  std::optional<DiskSpace> artifacts;  ///< where the contents of artifacts are; none: in a bucket
  std::int64_t ledger_bytes = 0;
  bool is_ledger_here = true;  ///< in the data directory; else in a database elsewhere
};
boost::json::object disk_use_to_json(const DiskUse& use);

}  // namespace waybill
