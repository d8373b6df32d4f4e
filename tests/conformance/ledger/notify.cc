// Ledger::apply: who is told of an end is inserted together with it.

#include <gmock/gmock.h>

#include <map>

#include "core/notify.h"
#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kRules = R"([
  {"on":["failed","cancelled"],"kind":"notify.mail","spec":{"to":["ops@example.org"]}},
  {"on":["succeeded"],"kind":"notify.webhook","spec":{"url":"https://example.org"}}])";

TaskRequest told(int number) {
  TaskRequest request = a_task(number);
  request.notify = kRules;
  request.retry.failures_max = 2;
  return request;
}

Event failure_of(const Task& leased, FailureClass failure_class) {
  return event::Fail{
      .fence = leased.status.fence, .failure_class = failure_class, .error = "no such host"};
}

std::vector<Task> notifications(LedgerReader& reader) {
  return reader
      .page({.filter = {.queue = std::string(kNotifyQueue)}, .order = PageOrder::oldest_first})
      ->tasks;
}

TEST_P(LedgerConformance, WhoIsToldIsKeptWithTheTask) {
  insert_one(told(1));
  EXPECT_EQ(get(task_id(1)).request, told(1));
  EXPECT_EQ(claim_one().request.notify, kRules);
}

TEST_P(LedgerConformance, AFailureBringsItsNotification) {
  insert_one(told(1));
  const Task leased = claim_one();
  ASSERT_TRUE(happen(task_id(1), failure_of(leased, FailureClass::permanent)));
  const auto found = notifications(reader());
  ASSERT_THAT(found, SizeIs(1));
  const Task& mail = found[0];
  EXPECT_EQ(mail.request.kind, kMailKind);
  EXPECT_EQ(mail.request.spec, R"({"to":["ops@example.org"]})");
  EXPECT_THAT(mail.request.params, HasSubstr(R"("outcome":"failed")"));
  EXPECT_THAT(mail.request.params, HasSubstr("no such host"));
  EXPECT_EQ(mail.request.created_by, "notify:" + to_string(task_id(1)));
  EXPECT_EQ(mail.status.state, State::ready);
  EXPECT_EQ(mail.created_at, clock_.now());
  EXPECT_EQ(count(std::string(kNotifyQueue), State::ready), 1);
  EXPECT_EQ(count("default", State::failed), 1);
  const auto events = all_events();
  EXPECT_EQ(events.back().id, mail.id());
  EXPECT_EQ(events.back().entry.happening, Happening::created);
  const auto claimed = ledger().claim(
      {.queues = {std::string(kNotifyQueue)}, .kinds = {std::string(kMailKind)}, .worker = "w"});
  ASSERT_TRUE(claimed);
  ASSERT_THAT(*claimed, SizeIs(1));
  EXPECT_EQ(claimed->front().id(), mail.id());
}

TEST_P(LedgerConformance, OnlyOutcomesThatAreWantedAreTold) {
  insert_one(told(1));
  Task leased = claim_one();
  ASSERT_TRUE(happen(task_id(1), failure_of(leased, FailureClass::transient)));
  EXPECT_THAT(notifications(reader()), IsEmpty()) << "it is tried again";
  clock_.advance(1h);
  ASSERT_TRUE(happen(task_id(1), event::Due{}));
  leased = claim_one();
  succeed(leased);
  const auto found = notifications(reader());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].request.kind, kWebhookKind);
}

TEST_P(LedgerConformance, AChangeThatIsNotAppliedTellsNobody) {
  insert_one(told(1));
  const Task leased = claim_one();
  const Change first = change_of(leased, failure_of(leased, FailureClass::permanent));
  const Change second = change_of(leased, event::Succeed{.fence = leased.status.fence});
  const auto answers = ledger().apply(std::vector{first, second});
  ASSERT_TRUE(answers);
  EXPECT_TRUE((*answers)[0]);
  EXPECT_FALSE((*answers)[1]);
  ASSERT_THAT(notifications(reader()), SizeIs(1));
  EXPECT_EQ(apply_one(first).error().code, Code::aborted) << "the answer had been lost";
  EXPECT_THAT(notifications(reader()), SizeIs(1));
}

TEST_P(LedgerConformance, EachEndIsToldOnceAlsoAfterARetry) {
  insert_one(told(1));
  ASSERT_TRUE(happen(task_id(1), event::Cancel{.by = "ann", .reason = "too early"}));
  ASSERT_TRUE(happen(task_id(1), event::Retry{.by = "ann"}));
  const Task leased = claim_one();
  ASSERT_TRUE(happen(task_id(1), failure_of(leased, FailureClass::permanent)));
  const auto found = notifications(reader());
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0].request.params, HasSubstr("too early"));
  EXPECT_THAT(found[1].request.params, HasSubstr("no such host"));
}

TEST_P(LedgerConformance, ManyThatEndTogetherAreEachTold) {
  std::vector<TaskRequest> requests;
  for (int number = 1; number <= 20; ++number) requests.push_back(told(number));
  insert(requests);
  std::vector<Change> changes;
  for (const Task& leased : claim(20)) {
    changes.push_back(change_of(leased, failure_of(leased, FailureClass::permanent)));
  }
  const auto answers = ledger().apply(changes);
  ASSERT_TRUE(answers);
  EXPECT_THAT(notifications(reader()), SizeIs(20));
  EXPECT_EQ(count(std::string(kNotifyQueue), State::ready), 20);
}

TEST_P(LedgerConformance, AnErrorOfAnyBytesIsTold) {
  insert_one(told(1));
  const Task leased = claim_one();
  ASSERT_TRUE(happen(task_id(1), event::Fail{.fence = leased.status.fence,
                                             .failure_class = FailureClass::permanent,
                                             .error = std::string("a\0b\xff\r\nBcc: x@y", 14)}));
  ASSERT_THAT(notifications(reader()), SizeIs(1));
}

TEST_P(LedgerConformance, ANotificationWhoseIdIsTakenKeepsNoTaskFromEnding) {
  insert_one(told(1));
  const Task leased = claim_one();
  const Change change = change_of(leased, failure_of(leased, FailureClass::permanent));
  ASSERT_THAT(change.notifications, SizeIs(1));
  TaskRequest squatter = a_task(2);
  squatter.id = change.notifications[0].id;
  insert_one(squatter);
  ASSERT_TRUE(apply_one(change));
  EXPECT_EQ(state(task_id(1)), State::failed);
  EXPECT_THAT(notifications(reader()), IsEmpty());
  EXPECT_EQ(get(squatter.id).request.kind, squatter.kind);
}

}  // namespace
}  // namespace waybill
