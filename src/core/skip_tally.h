#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>
#include <vector>

#include "core/scan_plan.h"

namespace waybill {

/// Collects what a scan skips: counts all, keeps kSkippedMax. Subjects are small and become words
/// only if they are kept. What somebody may have to act on is kept before what is usual.
template <class Subject>
class SkipTally {
 public:
  void add(SkipReason reason, const Subject& subject) {
    auto& kept = kept_[static_cast<std::size_t>(reason)];
    ++counts_[static_cast<std::size_t>(reason)];
    if (kept.size() < kSkippedMax) kept.push_back(subject);
  }

  /// Counts what nothing is known of but that it was skipped.
  void add_unnamed(SkipReason reason, std::int64_t count) {
    counts_[static_cast<std::size_t>(reason)] += count;
  }

  /// Writes `skipped`, in words made by `describe(reason, subject)`, and the counts by reason. The
  /// same subjects in the same order give the same result.
  template <class Describe>
  void write(Plan& plan, const Describe& describe) const {
    static constexpr std::array<SkipReason, kSkipReasonCount> kMostUrgentFirst = {
        SkipReason::ambiguous_marker,   SkipReason::too_large,    SkipReason::late_peer_validation,
        SkipReason::malformed_name,     SkipReason::unknown_part, SkipReason::incomplete,
        SkipReason::no_peer_validation, SkipReason::quiet_time,   SkipReason::already_marked,
        SkipReason::outside_window};
    for (const SkipReason reason : kMostUrgentFirst) {
      const auto index = static_cast<std::size_t>(reason);
      if (counts_[index] == 0) continue;
      plan.counts[labelled("skipped", "reason", to_string(reason))] = counts_[index];
      for (const Subject& subject : kept_[index]) {
        if (plan.skipped.size() == kSkippedMax) break;
        plan.skipped.push_back(describe(reason, subject));
      }
    }
    std::sort(plan.skipped.begin(), plan.skipped.end(), [](const Skipped& a, const Skipped& b) {
      return std::tie(a.what, a.reason, a.detail) < std::tie(b.what, b.reason, b.detail);
    });
  }

 private:
  std::array<std::vector<Subject>, kSkipReasonCount> kept_;
  std::array<std::int64_t, kSkipReasonCount> counts_{};
};

}  // namespace waybill
