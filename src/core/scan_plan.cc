#include "core/scan_plan.h"

#include <array>

namespace waybill {

std::string_view to_string(SkipReason reason) {
  static constexpr std::array<std::string_view, kSkipReasonCount> kNames = {
      "malformed_name",     "unknown_part",         "incomplete",
      "outside_window",     "already_marked",       "quiet_time",
      "no_peer_validation", "late_peer_validation", "ambiguous_marker"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace waybill
