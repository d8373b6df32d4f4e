#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/access.h"

namespace waybill {

/// What a person may do in a repository, as GitHub calls it; each includes those before it.
enum class RepositoryRole : std::uint8_t { none, read, triage, write, maintain, admin };
std::string_view to_string(RepositoryRole role);
std::optional<RepositoryRole> parse_repository_role(std::string_view text);

/// Who may start, cancel and retry the tasks of a definition or a queue: whoever one of these fits.
/// A role alone is not enough to get around it: it counts if it is named here.
struct WhoMay {
  std::string provider = "github";  ///< where repository is
  std::string repository;           ///< "owner/name" or "${params.NAME}"; empty: none is asked
  RepositoryRole permission = RepositoryRole::write;  ///< at least this one
  std::vector<std::string> people;                    ///< as created_by has them
  std::optional<Role> role;                           ///< this one or a higher one

  bool operator==(const WhoMay&) const = default;
};
using WhoMayByName = std::map<std::string, WhoMay>;

/// "owner/name", each of letters, digits, `.`, `_` and `-`, and none of them "." or "..".
bool is_repository(std::string_view text);
/// The parameter that "${params.NAME}" names; none for any other text.
std::optional<std::string> parameter_of(std::string_view repository);
/// The repository that a rule is about for these params (a JSON object); none if the parameter is
/// not there, or names no repository.
std::optional<std::string> repository_for(const WhoMay& rule, std::string_view params);

/// What is known of somebody's right on the repository of a rule.
struct Standing {
  enum class Is : std::uint8_t {
    not_asked,  ///< they did not log in at the rule's provider
    known,
    unknown,  ///< it could not be asked
  };
  Is is = Is::not_asked;
  RepositoryRole role = RepositoryRole::none;
  Time seen_at{};
  std::string problem;  ///< why it is unknown
};

struct RuleAnswer {
  enum class Is : std::uint8_t { allowed, denied, unknown };
  Is is = Is::allowed;
  std::string because;  ///< a sentence: "you may: you have maintain on x/y, seen 3m ago"
};

/// Who asks, and what about.
struct RuleQuestion {
  Principal who;
  std::string repository;  ///< repository_for; empty: the rule has none, or it is not known
  Standing standing;
  Time now{};
  bool is_oneself = true;  ///< the sentence is for who asks: "you may"; else "github:ann may"
};
/// Whether a rule is met. Pure.
RuleAnswer check_rule(const WhoMay& rule, const RuleQuestion& question);

/// Whether the people or role of a rule fit, so that no repository has to be asked about.
bool fits_without_asking(const WhoMay& rule, const Principal& who);

}  // namespace waybill
