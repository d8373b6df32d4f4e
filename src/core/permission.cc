#include "core/permission.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/ascii.h"
#include "base/json.h"

namespace waybill {
namespace {

constexpr std::array<std::string_view, 6> kRepositoryRoles = {"none",  "read",     "triage",
                                                              "write", "maintain", "admin"};
constexpr std::size_t kRepositoryBytesMax = 200;

bool is_repository_part(std::string_view part) {
  if (part.empty() || part == "." || part == "..") return false;
  return std::ranges::all_of(
      part, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; });
}

/// How high a role is among those of people; a worker's is not among them.
int height(Role role) {
  switch (role) {
    case Role::worker:
      return -1;
    case Role::viewer:
      return 0;
    case Role::submitter:
      return 1;
    case Role::operator_:
      return 2;
    case Role::admin:
      return 3;
  }
  return -1;
}

std::string ago(Time seen, Time now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now - seen);
  if (seconds < std::chrono::seconds(1)) return "seen just now";
  return "seen " + format_duration(std::chrono::duration_cast<Duration>(seconds)) + " ago";
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// What would be enough.
std::string wanted(const WhoMay& rule, const std::string& repository) {
  std::vector<std::string> ways;
  if (!rule.repository.empty()) {
    ways.push_back(std::string(to_string(rule.permission)) + " on " +
                   (repository.empty() ? rule.repository : repository));
  }
  if (!rule.people.empty()) ways.push_back("being one of " + join(rule.people));
  if (rule.role) ways.push_back("the role " + std::string(to_string(*rule.role)));
  std::string text;
  for (const std::string& way : ways) text += (text.empty() ? "" : " or ") + way;
  return text;
}

}  // namespace

std::string_view to_string(RepositoryRole role) {
  return kRepositoryRoles[static_cast<std::size_t>(role)];
}

std::optional<RepositoryRole> parse_repository_role(std::string_view text) {
  const auto found = std::ranges::find(kRepositoryRoles, text);
  if (found == kRepositoryRoles.end()) return std::nullopt;
  return static_cast<RepositoryRole>(found - kRepositoryRoles.begin());
}

bool is_repository(std::string_view text) {
  const std::size_t slash = text.find('/');
  return text.size() <= kRepositoryBytesMax && slash != text.npos &&
         is_repository_part(text.substr(0, slash)) && is_repository_part(text.substr(slash + 1));
}

std::optional<std::string> parameter_of(std::string_view repository) {
  constexpr std::string_view kBegin = "${params.";
  if (!repository.starts_with(kBegin) || !repository.ends_with('}')) return std::nullopt;
  const std::string_view name =
      repository.substr(kBegin.size(), repository.size() - kBegin.size() - 1);
  if (name.empty() || name.find_first_of("${}") != name.npos) return std::nullopt;
  return std::string(name);
}

std::optional<std::string> repository_for(const WhoMay& rule, std::string_view params) {
  const auto parameter = parameter_of(rule.repository);
  if (!parameter) return rule.repository;
  const auto parsed = json::parse(params);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  const boost::json::value* value = parsed->get_object().if_contains(*parameter);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  std::string repository(value->get_string());
  if (!is_repository(repository)) return std::nullopt;
  return repository;
}

bool fits_without_asking(const WhoMay& rule, const Principal& who) {
  if (std::ranges::find(rule.people, who.name) != rule.people.end()) return true;
  return rule.role && height(who.role) >= height(*rule.role);
}

RuleAnswer check_rule(const WhoMay& rule, const RuleQuestion& question) {
  using Is = RuleAnswer::Is;
  const std::string who = question.is_oneself ? "you" : question.who.name;
  const std::string has = question.is_oneself ? " have " : " has ";
  if (std::ranges::find(rule.people, question.who.name) != rule.people.end()) {
    return {Is::allowed, who + " may: the rule names " + question.who.name};
  }
  if (fits_without_asking(rule, question.who)) {
    return {Is::allowed, who + " may, with the role " + std::string(to_string(question.who.role))};
  }
  const std::string may_not = who + " may not: it takes " + wanted(rule, question.repository);
  if (rule.repository.empty()) return {Is::denied, may_not};
  if (question.repository.empty()) {
    return {Is::denied, may_not + ", and the params name no repository there"};
  }
  const Standing& standing = question.standing;
  switch (standing.is) {
    case Standing::Is::not_asked:
      return {Is::denied,
              may_not + "; " + question.who.name + " is nobody whom " + rule.provider + " knows"};
    case Standing::Is::unknown:
      return {Is::unknown, "it is not known whether " + who + " may, which takes " +
                               wanted(rule, question.repository) + ": " + standing.problem};
    case Standing::Is::known:
      break;
  }
  const std::string seen = has + std::string(to_string(standing.role)) + " on " +
                           question.repository + ", " + ago(standing.seen_at, question.now);
  if (standing.role >= rule.permission) return {Is::allowed, who + " may: " + who + seen};
  return {Is::denied, may_not + "; " + who + seen};
}

}  // namespace waybill
