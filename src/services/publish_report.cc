#include "services/publish_report.h"

#include <array>

namespace waybill {

std::string_view to_string(PublishPhase phase) {
  static constexpr std::array<std::string_view, kPublishPhaseCount> kNames = {"list", "plan",
                                                                              "publish"};
  return kNames[static_cast<std::size_t>(phase)];
}

bool PublishReport::complete() const {
  const bool too_large = skipped_count(plan.counts, SkipReason::too_large) > 0;
  return list_errors.empty() && !too_large && tally.publish_failed == 0 &&
         tally.marker_failed == 0 && tally.left == 0;
}

}  // namespace waybill
