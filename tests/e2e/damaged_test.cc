// A ledger in which the row of one task is damaged, as a command line meets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;

void damage_first_task(const Place& place) {
  const std::string command = "sqlite3 '" + place.path("waybill-data/ledger.db") +
                              "' \"UPDATE tasks SET detail = x'ff' WHERE handle = 1\"";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

/// Two tasks that wait, of which the first cannot be read.
class DamagedTaskTest : public testing::Test {
 protected:
  void SetUp() override { damage_first_task(place_); }

  const Place place_;
  const std::string damaged_ = place_.create({"--kind", "noop", "--delay", "1h"});
  const std::string whole_ = place_.create({"--kind", "noop", "--delay", "1h"});
};

TEST_F(DamagedTaskTest, ABeginningThatFitsItToIsAmbiguous) {
  // Ids begin with their time: those of one minute share their first digits.
  std::size_t shared = 0;
  while (damaged_[shared] == whole_[shared]) ++shared;
  ASSERT_GE(shared, 4U);
  const Ran ran = place_.run({"task", "cancel", whole_.substr(0, shared)});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("more than one task"), HasSubstr(damaged_)));
  EXPECT_EQ(place_.run({"task", "cancel", whole_}).status, 0);
}

TEST_F(DamagedTaskTest, UntilIdleNamesItAmongThoseLeft) {
  const Ran ran = place_.run({"worker", "--until-idle"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("2 tasks are left"));
  EXPECT_THAT(ran.err, HasSubstr(damaged_ + " cannot be read: "));
  EXPECT_THAT(ran.err, HasSubstr(whole_ + " is scheduled"));
}

TEST(DamagedTask, ThatIsReadyEndsTheWorkerWithWhatToDo) {
  const Place place;
  place.create({"--kind", "noop"});
  damage_first_task(place);
  const Ran ran = place.run({"worker", "--until-idle"});
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("waybill db check"));
}

}  // namespace
}  // namespace waybill::e2e
