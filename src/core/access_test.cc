#include "core/access.h"

#include <gtest/gtest.h>

#include <string>

namespace waybill {
namespace {

constexpr Right kRights[] = {Right::read, Right::submit, Right::work, Right::operate, Right::admin};

/// r, s, w, o, a for what a role may do.
std::string rights_of(Role role) {
  std::string rights;
  for (const Right right : kRights) {
    if (may(role, right)) rights += "rswoa"[static_cast<int>(right)];
  }
  return rights;
}

TEST(Access, EachRoleMayDoWhatItsNameSaysAndNoMore) {
  EXPECT_EQ(rights_of(Role::viewer), "r");
  EXPECT_EQ(rights_of(Role::submitter), "rs");
  EXPECT_EQ(rights_of(Role::worker), "rw");
  EXPECT_EQ(rights_of(Role::operator_), "rso");
  EXPECT_EQ(rights_of(Role::admin), "rswoa");
}

TEST(Access, ARoleGivesAwayWhatItHasAndNoMore) {
  for (int mine = 0; mine < kRoleCount; ++mine) {
    for (int other = 0; other < kRoleCount; ++other) {
      const std::string has = rights_of(static_cast<Role>(mine));
      const std::string wants = rights_of(static_cast<Role>(other));
      const bool has_all = wants.find_first_not_of(has) == wants.npos;
      EXPECT_EQ(may_give(static_cast<Role>(mine), static_cast<Role>(other)), has_all)
          << has << " to " << wants;
    }
  }
}

TEST(Access, RolesAreReadAsTheyAreWritten) {
  for (int i = 0; i < kRoleCount; ++i) {
    const auto role = static_cast<Role>(i);
    EXPECT_EQ(parse_role(to_string(role)), role);
  }
  EXPECT_EQ(parse_role("root"), std::nullopt);
  EXPECT_EQ(parse_role(""), std::nullopt);
}

}  // namespace
}  // namespace waybill
