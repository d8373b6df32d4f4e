// Who is told that a run has ended: in the transaction that ends it.

#include "core/notify.h"
#include "services/pipeliner.h"
#include "tests/services/pipeliner_fixture.h"

namespace waybill {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PipelinerNotifyTest : public PipelinerTest {
 protected:
  std::vector<Task> told() {
    return ledger_.page({.filter = {.queue = std::string(kNotifyQueue)}})->tasks;
  }
};

TEST_F(PipelinerNotifyTest, ARunThatEndsIsTold) {
  const Uuid id = start("told", R"({"tag": "v1"})");
  settle();
  EXPECT_THAT(told(), IsEmpty());
  fail_task(id, "a", "disk full");
  settle();
  ASSERT_EQ(state(id), "failed");
  ASSERT_THAT(told(), SizeIs(1));
  const TaskRequest request = told()[0].request;
  EXPECT_EQ(request.kind, kMailKind);
  EXPECT_EQ(request.created_by, "notify:" + to_string(id));
  EXPECT_THAT(request.params, HasSubstr(R"("name":"told","outcome":"failed")"));
  EXPECT_THAT(request.params, HasSubstr(R"("params":{"tag":"v1"})"));
  EXPECT_THAT(request.params, HasSubstr("step a failed"));
}

TEST_F(PipelinerNotifyTest, AnOutcomeThatNobodyWantsIsNotTold) {
  const Uuid id = start("told");
  settle();
  succeed(id, "a");
  settle();
  ASSERT_EQ(state(id), "succeeded");
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(PipelinerNotifyTest, ACancelledRunIsToldOnceAlsoByAServerThatStartsAnew) {
  const Uuid id = start("told");
  settle();
  ASSERT_TRUE(desk_->cancel(id, {pipeline::Stop::at_once, "cli:ann", "no"}));
  settle();
  const Task claimed = ledger_.get(pipeline::task_id(id, "a")).value();
  ASSERT_EQ(claimed.status.state, State::cancelled);
  begin();
  settle();
  begin("two");
  settle();
  ASSERT_EQ(state(id), "cancelled");
  EXPECT_THAT(told(), SizeIs(1));
}

TEST_F(PipelinerNotifyTest, WhoStartsARunMayHaveOthersTold) {
  const std::string more = notify_json(std::vector{
      NotifyRule{.on = {State::succeeded}, .kind = std::string(kWebhookKind), .spec = "{}"}});
  const auto run = desk_->start({.id = ids_.next(clock_.now()),
                                 .pipeline = "told",
                                 .created_by = "schedule:nightly",
                                 .notify = more});
  ASSERT_TRUE(run) << run.error().message;
  settle();
  succeed(run->id, "a");
  settle();
  ASSERT_THAT(told(), SizeIs(1));
  EXPECT_EQ(told()[0].request.kind, kWebhookKind);
}

}  // namespace
}  // namespace waybill
