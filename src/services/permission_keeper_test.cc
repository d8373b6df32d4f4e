#include "services/permission_keeper.h"

#include <gtest/gtest.h>

#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class FakePermissions final : public RepositoryPermissions {
 public:
  Result<RepositoryRole> ask(const Question&, const Deadline&) override {
    ++asked;
    return answer;
  }
  Result<RepositoryRole> answer = RepositoryRole::write;
  int asked = 0;
};

class PermissionKeeperTest : public testing::Test {
 protected:
  Standing standing(std::optional<Duration> age_max = std::nullopt, std::string subject = "17") {
    return keeper_.standing({.repository = "acme/site",
                             .login = "ann",
                             .subject = std::move(subject),
                             .token = "t",
                             .age_max = age_max},
                            {});
  }

  SimClock clock_;
  FakePermissions github_;
  PermissionKeeper keeper_{github_, clock_};
};

TEST_F(PermissionKeeperTest, KeepsWhatIsEnoughForFiveMinutes) {
  const Time before = clock_.now();
  EXPECT_EQ(standing().role, RepositoryRole::write);
  clock_.advance(5min - 1s);
  EXPECT_EQ(standing().seen_at, before);
  EXPECT_EQ(github_.asked, 1);
  clock_.advance(1s);
  EXPECT_EQ(standing().seen_at, clock_.now());
  EXPECT_EQ(github_.asked, 2);
}

TEST_F(PermissionKeeperTest, KeepsWhatIsNotEnoughForOne) {
  github_.answer = RepositoryRole::read;
  standing();
  clock_.advance(59s);
  github_.answer = RepositoryRole::write;
  EXPECT_EQ(standing().role, RepositoryRole::read);
  clock_.advance(1s);
  EXPECT_EQ(standing().role, RepositoryRole::write);
}

TEST_F(PermissionKeeperTest, AsksAgainWhoeverWantsToKnowNow) {
  standing();
  clock_.advance(9s);
  standing(10s);
  EXPECT_EQ(github_.asked, 1);
  clock_.advance(1s);
  github_.answer = RepositoryRole::none;
  EXPECT_EQ(standing(10s).role, RepositoryRole::none);
  EXPECT_EQ(standing().role, RepositoryRole::none) << "what is newer counts for everybody";
}

TEST_F(PermissionKeeperTest, NeverMakesDoWithWhatIsTooOld) {
  standing();
  github_.answer = fail(Code::unavailable, "away");
  clock_.advance(10s);
  EXPECT_EQ(standing(10s).is, Standing::Is::unknown);
  EXPECT_EQ(standing().is, Standing::Is::known) << "it is young enough for this";
  clock_.advance(5min);
  EXPECT_EQ(standing().is, Standing::Is::unknown);
}

TEST_F(PermissionKeeperTest, LeavesAProviderAloneForAsLongAsItWants) {
  github_.answer = fail(Error{.code = Code::unavailable, .message = "limit", .retry_after = 30s});
  EXPECT_EQ(standing().problem, "limit");
  clock_.advance(29s);
  standing();
  EXPECT_EQ(github_.asked, 1);
  clock_.advance(1s);
  github_.answer = RepositoryRole::admin;
  EXPECT_EQ(standing().role, RepositoryRole::admin);
}

TEST_F(PermissionKeeperTest, TellsPeopleApart) {
  standing();
  github_.answer = RepositoryRole::none;
  EXPECT_EQ(standing(std::nullopt, "18").role, RepositoryRole::none);
  EXPECT_EQ(standing().role, RepositoryRole::write);
}

}  // namespace
}  // namespace waybill
