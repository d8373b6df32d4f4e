#include "core/scan_plan.h"

#include <array>

namespace waybill {

std::string_view to_string(SkipReason reason) {
  static constexpr std::array<std::string_view, kSkipReasonCount> kNames = {
      "malformed_name",   "unknown_part", "incomplete",         "outside_window",
      "already_marked",   "quiet_time",   "no_peer_validation", "late_peer_validation",
      "ambiguous_marker", "too_large"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::int64_t skipped_count(const std::map<std::string, std::int64_t>& counts, SkipReason reason) {
  const auto found = counts.find(labelled("skipped", "reason", to_string(reason)));
  return found == counts.end() ? 0 : found->second;
}

std::string labelled(std::string_view name, std::string_view label, std::string_view value) {
  std::string text(name);
  text += '{';
  text += label;
  text += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? "\\n" : std::string(1, c);
  }
  return text + "\"}";
}

bool ScanListing::holds(std::string_view key) const {
  return key.starts_with(prefix) && key > start_after && (end_before.empty() || key < end_before);
}

}  // namespace waybill
