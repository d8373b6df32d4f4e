#include "services/task_change.h"

#include <gmock/gmock.h>

#include "core/notify.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ChangeTask, ACancelThatIsAskedForTwiceIsOne) {
  SimClock clock;
  FakeLedger ledger(clock);
  const LedgerParts parts{.ledger = ledger, .reader = ledger, .registry = ledger};
  const TaskRequest request = a_task(1);
  ASSERT_TRUE(ledger.insert(std::span(&request, 1)));
  ASSERT_EQ(ledger.claim({.worker = "w"})->size(), 1u);
  const auto first = change_task(parts, task_id(1), event::Cancel{.by = "ann"}, 0);
  ASSERT_TRUE(first) << first.error().message;
  for (int round = 0; round < 2; ++round) {
    const auto again = change_task(parts, task_id(1), event::Cancel{.by = "bob"}, 0);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->status, first->status) << "who asked first is who asked";
    EXPECT_TRUE(change_task_as_read(parts, *again, event::Cancel{.by = "bob"}, 0));
    EXPECT_TRUE(foresee_change(parts, task_id(1), event::Cancel{.by = "bob"}, 0));
  }
  EXPECT_EQ(ledger.history(task_id(1))->size(), 3u);
}

class ResendTest : public ::testing::Test {
 protected:
  Task ended(TaskRequest request, State state = State::succeeded) {
    Task task;
    task.request = std::move(request);
    task.status.state = state;
    return task;
  }
  TaskRequest mail() const {
    return a_task(1)
        .kind(std::string(kMailKind))
        .queue(std::string(kNotifyQueue))
        .spec(R"({"to":["ops@example.org"]})")
        .params(R"({"name":"x"})")
        .created_by("notify:7");
  }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  LedgerParts parts_{ledger_, ledger_, ledger_};
};

TEST_F(ResendTest, OnlyNotificationsThatWereDeliveredAre) {
  EXPECT_TRUE(is_sent_notification(ended(mail())));
  TaskRequest post = mail();
  post.kind = kWebhookKind;
  EXPECT_TRUE(is_sent_notification(ended(post)));
  for (const State state : {State::failed, State::cancelled, State::ready, State::leased}) {
    EXPECT_FALSE(is_sent_notification(ended(mail(), state)));
  }
  EXPECT_FALSE(is_sent_notification(ended(a_task(1).kind("noop"))));
}

TEST_F(ResendTest, IsATaskOfItsOwnThatSaysWhichItRepeats) {
  TaskRequest request = mail();
  request.dedup_key = "mine";
  request.waits_for = {task_id(9)};
  request.run_at = clock_.now();
  const Task first = ended(request);
  const auto again = resend(parts_, first);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_NE(again->id(), first.id());
  EXPECT_EQ(again->status.state, State::ready);
  EXPECT_EQ(again->request.kind, kMailKind);
  EXPECT_EQ(again->request.spec, first.request.spec);
  EXPECT_EQ(again->request.params, first.request.params);
  EXPECT_EQ(again->request.created_by, "notify:7");
  EXPECT_EQ(again->request.dedup_key, "");
  EXPECT_THAT(again->request.labels, ElementsAre(Pair("resends", to_string(first.id()))));
  clock_.advance(std::chrono::milliseconds(1));
  const auto third = resend(parts_, *again);
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_NE(third->id(), again->id());
  EXPECT_THAT(third->request.labels, ElementsAre(Pair("resends", to_string(again->id()))));
}

}  // namespace
}  // namespace waybill
