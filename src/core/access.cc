#include "core/access.h"

#include <algorithm>
#include <array>

namespace waybill {
namespace {

constexpr std::array<std::string_view, kRoleCount> kNames = {"viewer", "submitter", "worker",
                                                             "operator", "admin"};

}  // namespace

std::string_view to_string(Role role) { return kNames[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view text) {
  const auto found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Role>(found - kNames.begin());
}

bool may(Role role, Right right) {
  switch (right) {
    case Right::read:
      return true;
    case Right::submit:
      return role == Role::submitter || role == Role::operator_ || role == Role::admin;
    case Right::work:
      return role == Role::worker || role == Role::admin;
    case Right::operate:
      return role == Role::operator_ || role == Role::admin;
    case Right::admin:
      return role == Role::admin;
  }
  return false;
}

bool may_give(Role mine, Role other) {
  constexpr std::array<Right, 5> kRights = {Right::read, Right::submit, Right::work, Right::operate,
                                            Right::admin};
  return std::ranges::all_of(kRights,
                             [&](Right right) { return may(mine, right) || !may(other, right); });
}

}  // namespace waybill
