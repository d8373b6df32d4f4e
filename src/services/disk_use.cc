#include "services/disk_use.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {
namespace {

constexpr std::int64_t kLowShare = 10;
constexpr std::int64_t kFullShare = 50;

boost::json::object space_to_json(const DiskSpace& space) {
  return {{"free_bytes", space.free_bytes},
          {"size_bytes", space.size_bytes},
          {"state", json::text(to_string(space.state()))}};
}

}  // namespace

DiskSpace::Is DiskSpace::state() const {
  if (size_bytes <= 0) return Is::good;  // one that has no size, as of some containers
  if (free_bytes < size_bytes / kFullShare) return Is::full;
  return free_bytes < size_bytes / kLowShare ? Is::low : Is::good;
}

std::string_view to_string(DiskSpace::Is is) {
  switch (is) {
    case DiskSpace::Is::good:
      return "good";
    case DiskSpace::Is::low:
      return "low";
    case DiskSpace::Is::full:
      return "full";
  }
  return "?";
}

boost::json::object disk_use_to_json(const DiskUse& use) {
  boost::json::value artifacts(nullptr);
  if (use.artifacts) artifacts = space_to_json(*use.artifacts);
  return {{"data", space_to_json(use.data)},
          {"artifacts", std::move(artifacts)},
          {"ledger",
           {{"bytes", use.ledger_bytes}, {"place", use.is_ledger_here ? "data" : "database"}}}};
}

}  // namespace waybill
