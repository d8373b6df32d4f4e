#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// What a request needs of whoever asks.
enum class Right : std::uint8_t {
  read,     ///< look at everything but secrets
  submit,   ///< make tasks, and end or retry those that one has made oneself
  work,     ///< claim tasks and say what came of them
  operate,  ///< end, retry and change any task; pause and resume queues
  admin,    ///< make and revoke tokens; put and remove secrets, and name them in new tasks; read
            ///< the audit log
};

/// Who may do what: viewers read, submitters submit too, workers work, operators submit and
/// operate, admins do everything.
enum class Role : std::uint8_t { viewer = 0, submitter = 1, worker = 2, operator_ = 3, admin = 4 };
inline constexpr int kRoleCount = 5;
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

bool may(Role role, Right right);
/// Whether who has the role may give the other one away: it has no right that he lacks.
bool may_give(Role mine, Role other);

/// Who was authenticated.
struct Principal {
  std::string name;  ///< what `created_by` says: "token:ci", "local"
  Role role = Role::viewer;
  std::int64_t rate_limit = 0;  ///< of its own: requests a second; 0: as the server has it
  std::string token_id = {};    ///< of the token that was shown; empty: none was

  bool operator==(const Principal&) const = default;
};

}  // namespace waybill
