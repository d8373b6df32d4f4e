#include "tests/tidy/ratchet.h"

#include <sstream>

namespace waybill::tidy {

Ratchet parse_ratchet(std::string_view text) {
  Ratchet ratchet;
  for (const auto line : lines_of(text)) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words{std::string(line)};
    Ratchet::Key key;
    std::size_t amount = 0;
    std::string reason;
    if (!(words >> key.first >> key.second >> amount >> reason)) {
      ratchet.errors.push_back("ratchet: wanted `rule path amount reason`: " + std::string(line));
    } else if (!ratchet.allowed.emplace(key, amount).second) {
      ratchet.errors.push_back("ratchet: twice: " + std::string(line));
    }
  }
  return ratchet;
}

std::vector<std::string> compare(const Ratchet& ratchet, const Findings& findings) {
  std::vector<std::string> complaints = ratchet.errors;
  std::map<Ratchet::Key, std::size_t> found;
  for (const auto& finding : findings) found[{finding.rule, finding.path}] += finding.amount;
  for (const auto& finding : findings) {
    const Ratchet::Key key{finding.rule, finding.path};
    const auto allowed = ratchet.allowed.find(key);
    if (allowed == ratchet.allowed.end() || found[key] > allowed->second)
      complaints.push_back(to_string(finding));
  }
  for (const auto& [key, amount] : ratchet.allowed) {
    if (found[key] < amount)
      complaints.push_back("ratchet: " + key.first + " " + key.second + " is down to " +
                           std::to_string(found[key]) + ": say so in tests/tidy/ratchet.txt");
  }
  return complaints;
}

}  // namespace waybill::tidy
