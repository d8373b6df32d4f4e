#include "core/scan_plan.h"

#include <utility>

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
  return also_labelled(std::string(name) + "{}", label, value);
}

std::string also_labelled(std::string name, std::string_view label, std::string_view value) {
  std::string text = std::move(name);
  text.pop_back();
  if (text.back() != '{') text += ',';
  text += label;
  text += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"' || c == '\n') text += '\\';
    text += c == '\n' ? 'n' : c;
  }
  return text + "\"}";
}

std::string label_of(std::string_view name, std::string_view label) {
  const std::string before = std::string(label) + "=\"";
  // A quote within a value is escaped, so this stands in none.
  std::size_t at = name.find('{' + before);
  if (at == std::string_view::npos) at = name.find("\"," + before);
  if (at == std::string_view::npos) return "";
  std::string value;
  for (std::size_t i = name.find('"', at + 1) + 1; i < name.size() && name[i] != '"'; ++i) {
    if (name[i] != '\\') {
      value += name[i];
    } else if (++i < name.size()) {
      value += name[i] == 'n' ? '\n' : name[i];
    }
  }
  return value;
}

bool ScanListing::holds(std::string_view key) const {
  return key.starts_with(prefix) && key > start_after && (end_before.empty() || key < end_before);
}

}  // namespace waybill
