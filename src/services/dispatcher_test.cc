#include "services/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <set>
#include <thread>

#include "services/hint.h"
#include "services/service_loop.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_queue.h"
#include "testing/forwarding_queue.h"
#include "testing/forwarding_reader.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// A reader whose old events can be forgotten; everything else is the ledger's.
class ForgettingReader final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;

  void forget_events_up_to(std::uint64_t sequence) { forgotten_ = sequence; }

  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override {
    if (after < forgotten_) return fail(Code::out_of_range, "gone");
    return inner_.events(after, limit);
  }

 private:
  std::uint64_t forgotten_ = 0;
};

Dispatcher::BrokerOf brokers(std::map<std::string, Queue*> of) {
  return [of = std::move(of)](const std::string& queue) {
    const auto found = of.find(queue);
    return found == of.end() ? nullptr : found->second;
  };
}

class DispatcherTest : public testing::Test {
 protected:
  void insert(const std::vector<TaskRequest>& requests) { ASSERT_TRUE(ledger_.insert(requests)); }
  /// Steps until it has nothing to do now.
  void settle(Dispatcher& dispatcher) {
    Result<Duration> wait = Duration(0);
    while (wait && *wait == 0s) wait = dispatcher.step(Deadline{.at = clock_.steady_now()});
    ASSERT_TRUE(wait) << wait.error().message;
  }
  void settle() { settle(dispatcher_); }
  /// The tasks that the queue's messages hint at, in order; takes the messages away.
  std::vector<Uuid> take_hints(Queue& queue) {
    std::vector<Uuid> tasks;
    const auto deliveries = queue.receive(10'000, Deadline{.at = clock_.steady_now()});
    for (const Delivery& delivery : deliveries.value()) {
      tasks.push_back(read_hint(delivery.message).value().task);
      EXPECT_TRUE(queue.ack(std::vector{delivery.receipt}));
    }
    return tasks;
  }
  std::vector<Uuid> take_hints() { return take_hints(fast_); }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  ForgettingReader reader_{ledger_};
  FakeQueue fast_{clock_};
  FakeQueue small_{clock_, {.messages_max = 2}};
  Dispatcher dispatcher_{
      reader_, clock_, brokers({{"fast", &fast_}, {"small", &small_}}), {.batch = 3}};
};

TEST_F(DispatcherTest, HintsAtEachTaskThatBecomesReadyInAQueueWithABroker) {
  settle();
  insert({a_task(1).queue("fast"), a_task(2).queue("default"), a_task(3).queue("small")});
  settle();
  EXPECT_THAT(take_hints(), ElementsAre(task_id(1)));
  EXPECT_THAT(take_hints(small_), ElementsAre(task_id(3)));
  settle();
  EXPECT_THAT(take_hints(), IsEmpty());
}

TEST_F(DispatcherTest, HintsAtATaskWhenItIsReadyAndNotBefore) {
  settle();
  insert({a_task(1).queue("fast").run_at(clock_.now() + 1h)});
  settle();
  EXPECT_THAT(take_hints(), IsEmpty());
  clock_.advance(1h);
  const auto due = transition(*ledger_.get(task_id(1)), event::Due{}, {.now = clock_.now()});
  ASSERT_TRUE(ledger_.apply(std::vector{due.value()}));
  settle();
  EXPECT_THAT(take_hints(), ElementsAre(task_id(1)));
}

TEST_F(DispatcherTest, HintsAgainUnderAnotherMessageIdWhenATaskIsGivenBack) {
  insert({a_task(1).queue("fast")});
  settle();
  const auto first = fast_.receive(10, Deadline{.at = clock_.steady_now()}).value();
  const auto claimed = ledger_.claim({.queues = {"fast"}, .worker = "w"}).value();
  const auto back = transition(claimed[0], event::GiveBack{.fence = 1}, {.now = clock_.now()});
  ASSERT_TRUE(ledger_.apply(std::vector{back.value()}));
  settle();
  const auto second = fast_.receive(10, Deadline{.at = clock_.steady_now()}).value();
  ASSERT_EQ(first.size(), 1u);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(first[0].message.id, to_string(task_id(1)));
  EXPECT_NE(second[0].message.id, first[0].message.id);
  EXPECT_EQ(read_hint(second[0].message)->task, task_id(1));
}

TEST_F(DispatcherTest, PublishesAllThatAreReadyWhenItStarts) {
  std::vector<TaskRequest> requests;
  for (int i = 1; i <= 10; ++i) requests.push_back(a_task(i).queue("fast"));
  insert(requests);
  ASSERT_TRUE(ledger_.claim({.queues = {"fast"}, .worker = "w", .limit = 2}));
  settle();
  EXPECT_EQ(take_hints().size(), 8u);
}

TEST_F(DispatcherTest, PublishesAllThatAreReadyWhenItFellBehindTheEvents) {
  settle();
  insert({a_task(1).queue("fast"), a_task(2).queue("fast")});
  reader_.forget_events_up_to(ledger_.last_sequence({}, {}).value());
  insert({a_task(3).queue("fast")});
  settle();
  const std::vector<Uuid> hints = take_hints();
  EXPECT_EQ(std::set<Uuid>(hints.begin(), hints.end()),
            (std::set<Uuid>{task_id(1), task_id(2), task_id(3)}));
}

TEST_F(DispatcherTest, LosesNoHintOfABrokerThatIsFullAndDelaysNoOther) {
  settle();
  std::vector<TaskRequest> requests;
  for (int i = 1; i <= 5; ++i) requests.push_back(a_task(i).queue("small"));
  for (int i = 6; i <= 9; ++i) requests.push_back(a_task(i).queue("fast"));
  insert(requests);
  settle();
  EXPECT_EQ(take_hints().size(), 4u);
  std::vector<Uuid> hints;
  for (int round = 0; round < 10 && hints.size() < 5; ++round) {
    for (const Uuid& task : take_hints(small_)) hints.push_back(task);
    clock_.advance(10s);  // the longest backoff
    settle();
  }
  EXPECT_THAT(hints, ElementsAre(task_id(1), task_id(2), task_id(3), task_id(4), task_id(5)));
}

TEST_F(DispatcherTest, HintsAtNoTaskThatWasClaimedBeforeItsTurnCame) {
  settle();
  insert({a_task(1).queue("fast"), a_task(2).queue("fast")});
  ASSERT_TRUE(ledger_.claim({.only_ids = {task_id(1)}, .worker = "w"}));
  settle();
  EXPECT_THAT(take_hints(), ElementsAre(task_id(2)));
}

TEST_F(DispatcherTest, KeepsNoMoreThanItMayOfABrokerThatIsAwayAndThenPublishesAllThatAreReady) {
  Dispatcher dispatcher(reader_, clock_, brokers({{"small", &small_}}),
                        {.batch = 3, .pending_max = 4});
  settle(dispatcher);
  std::vector<TaskRequest> requests;
  for (int i = 1; i <= 20; ++i) requests.push_back(a_task(i).queue("small"));
  insert(requests);
  settle(dispatcher);
  std::set<Uuid> hints;
  for (int round = 0; round < 40 && hints.size() < 20; ++round) {
    for (const Uuid& task : take_hints(small_)) hints.insert(task);
    clock_.advance(10s);  // the longest backoff
    settle(dispatcher);
  }
  EXPECT_EQ(hints.size(), 20u);
}

TEST_F(DispatcherTest, AsksForTheBrokerOfAQueueThatAppearsOnce) {
  std::vector<std::string> asked;
  Dispatcher dispatcher(reader_, clock_, [&](const std::string& queue) {
    asked.push_back(queue);
    return &fast_;
  });
  settle(dispatcher);
  EXPECT_THAT(asked, IsEmpty());
  insert({a_task(1).queue("new")});
  settle(dispatcher);
  insert({a_task(2).queue("new")});
  settle(dispatcher);
  EXPECT_THAT(asked, ElementsAre("new"));
  EXPECT_THAT(take_hints(), ElementsAre(task_id(1), task_id(2)));
}

TEST_F(DispatcherTest, WaitsForTheLedgersNextEventNotForATimeToPass) {
  SimClock clock(OnWait::blocks);
  FakeLedger ledger(clock);
  FakeQueue queue(clock);
  Dispatcher dispatcher(ledger, clock, brokers({{"default", &queue}}));
  ASSERT_TRUE(dispatcher.step(Deadline{.at = clock.steady_now()}));
  std::jthread stepper([&] { EXPECT_TRUE(dispatcher.step(Deadline{})); });
  clock.await_waiters(1);
  ASSERT_TRUE(ledger.insert(some_tasks(1, 1)));
  stepper.join();
  ASSERT_TRUE(dispatcher.step(Deadline{.at = clock.steady_now()}));
  EXPECT_EQ(queue.size(), 1u);
}

/// Takes its time: each call waits until it may end.
class SlowQueue final : public ForwardingQueue {
 public:
  SlowQueue(Queue& inner, std::latch& begun, std::latch& may_end)
      : ForwardingQueue(inner), begun_(begun), may_end_(may_end) {}
  Result<std::vector<Status>> publish(std::span<const Message> messages) override {
    begun_.count_down();
    may_end_.wait();
    return inner_.publish(messages);
  }

 private:
  std::latch& begun_;
  std::latch& may_end_;
};

TEST_F(DispatcherTest, AQueueWhoseBrokerHangsKeepsNoOtherWaiting) {
  SimClock clock(OnWait::blocks);
  FakeQueue hung_inner(clock);
  FakeQueue quick_inner(clock);
  std::latch hangs(1);
  std::latch ends(1);
  std::latch published(1);
  std::latch at_once(0);
  SlowQueue hung(hung_inner, hangs, ends);
  SlowQueue quick(quick_inner, published, at_once);
  std::vector<std::unique_ptr<ServiceLoop>> lanes;
  const auto host = [&](Service& lane) -> std::function<void()> {
    ServiceLoop& loop = *lanes.emplace_back(std::make_unique<ServiceLoop>(lane, clock));
    return [&loop] { loop.ring(); };
  };
  Dispatcher dispatcher(reader_, clock_, brokers({{"fast", &hung}, {"small", &quick}}), {}, host);
  settle(dispatcher);
  insert({a_task(1).queue("fast")});
  settle(dispatcher);
  hangs.wait();
  insert({a_task(2).queue("small")});
  settle(dispatcher);
  published.wait();  // for ever, if it waited for the other
  EXPECT_EQ(hung_inner.size(), 0u);
  ends.count_down();
  lanes.clear();
  EXPECT_THAT(take_hints(hung_inner), ElementsAre(task_id(1)));
  EXPECT_THAT(take_hints(quick_inner), ElementsAre(task_id(2)));
}

TEST(Hint, OfSomebodyElseIsRefused) {
  for (const char* body : {"", "{}", "[]", R"({"id":1})", R"({"id":"x"})"}) {
    const auto hint = read_hint({.id = "m", .body = body});
    ASSERT_FALSE(hint) << body;
    EXPECT_EQ(hint.error().code, Code::invalid_argument);
  }
}

TEST(Hint, SaysWhatTheTaskIsAboutInTheBodyAndItsProperties) {
  Task task{.request =
                a_task(1).kind("command").queue("fast").params(R"({"url":"x"})").priority(7)};
  task.status.attempt = 2;
  task.status.fence = 3;
  const Message hint = make_hint(task);
  const std::string id = to_string(task_id(1));
  EXPECT_EQ(hint.id, id + "/3");
  EXPECT_EQ(hint.body, R"({"id":")" + id + R"(","kind":"command","queue":"fast","attempt":3,)" +
                           R"("params":{"url":"x"}})");
  EXPECT_EQ(hint.properties.type, "command");
  EXPECT_EQ(hint.properties.correlation_id, id);
  EXPECT_EQ(hint.properties.priority, 5);
  EXPECT_EQ(read_hint(hint)->task, task_id(1));
  EXPECT_EQ(read_hint(hint)->kind, "command");
}

TEST(Hint, OfATaskWithLargeParamsSaysItsIdAlone) {
  const std::string large = R"({"text":")" + std::string(kHintBytesMax, 'x') + R"("})";
  const Message hint = make_hint(Task{.request = a_task(1).params(large)});
  EXPECT_EQ(hint.body, R"({"id":")" + to_string(task_id(1)) + R"("})");
  EXPECT_EQ(read_hint(hint)->kind, "");
}

TEST(Hint, PrioritiesOfTasksBecomeThoseOfBrokersInOrder) {
  EXPECT_EQ(broker_priority(kPriorityMin), 0);
  EXPECT_EQ(broker_priority(-1), 3);
  EXPECT_EQ(broker_priority(0), 4);
  EXPECT_EQ(broker_priority(1), 5);
  EXPECT_EQ(broker_priority(kPriorityMax), 9);
  for (int priority = kPriorityMin; priority < kPriorityMax; ++priority) {
    EXPECT_LE(broker_priority(priority), broker_priority(priority + 1));
  }
}

}  // namespace
}  // namespace waybill
