#include "services/task_change.h"

#include <gmock/gmock.h>

#include "core/notify.h"
#include "core/retry_rules.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
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
  request.notify = notify_json({{{.on = {State::succeeded}, .kind = std::string(kMailKind)}}});
  const Task first = ended(request);
  const auto again = resend(parts_, first, {.by = "ann", .key = "a"});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_NE(again->id(), first.id());
  EXPECT_EQ(again->status.state, State::ready);
  EXPECT_EQ(again->request.kind, kMailKind);
  EXPECT_EQ(again->request.spec, first.request.spec);
  EXPECT_EQ(again->request.params, first.request.params);
  EXPECT_EQ(again->request.created_by, "ann");
  EXPECT_EQ(again->request.notify, "") << "who was told of its end was told";
  EXPECT_EQ(again->request.dedup_key, "");
  EXPECT_THAT(again->request.labels, ElementsAre(Pair("resends", to_string(first.id()))));
  const auto third = resend(parts_, ended(again->request), {.by = "bob", .key = "a"});
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_NE(third->id(), again->id());
  EXPECT_THAT(third->request.labels, ElementsAre(Pair("resends", to_string(again->id()))));
}

TEST_F(ResendTest, OfOneWishIsOneTask) {
  const Task first = ended(mail());
  const auto one = resend(parts_, first, {.by = "ann", .key = "a"});
  ASSERT_TRUE(one) << one.error().message;
  clock_.advance(std::chrono::seconds(1));
  const auto same = resend(parts_, first, {.by = "ann", .key = "a"});
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->id(), one->id());
  const auto other = resend(parts_, first, {.by = "ann", .key = "b"});
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_NE(other->id(), one->id());
}

TEST_F(ResendTest, IsDoneWhenAskedForAlone) {
  const Task sent = ended(mail());
  const auto retried = transition(sent, event::Retry{.by = "ann"}, {.now = clock_.now()});
  ASSERT_FALSE(retried);
  EXPECT_EQ(retried.error().code, Code::failed_precondition);
  EXPECT_THAT(retried.error().message, HasSubstr("it was delivered; to send it once more"));
  EXPECT_THAT(retried.error().message,
              HasSubstr("`waybill task retry --again " + to_string(sent.id()) + "`"));
  for (const State state : {State::failed, State::cancelled, State::ready, State::leased}) {
    const auto refused = resend(parts_, ended(mail(), state), {.by = "ann", .key = "a"});
    ASSERT_FALSE(refused) << to_string(state);
    EXPECT_EQ(refused.error().code, Code::failed_precondition);
    EXPECT_THAT(refused.error().message, HasSubstr("retry it without `again`"));
  }
  EXPECT_FALSE(resend(parts_, ended(a_task(1).kind("noop")), {.by = "ann", .key = "a"}));
}

TEST_F(ResendTest, OfAStepIsItsRunsAlone) {
  TaskRequest request = mail();
  request.created_by = "run:7";
  const Task step = ended(request);
  const auto again = resend(parts_, step, {.by = "ann", .key = "a"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::failed_precondition);
  EXPECT_THAT(again.error().message, HasSubstr("do that again with `waybill run retry 7`"));
  const auto retried = transition(step, event::Retry{.by = "ann"}, {.now = clock_.now()});
  ASSERT_FALSE(retried);
  EXPECT_EQ(retried.error().message, again.error().message);
}

}  // namespace
}  // namespace waybill
