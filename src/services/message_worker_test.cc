#include "services/message_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <vector>

#include "services/memory_done_ids.h"
#include "testing/fake_queue.h"
#include "testing/forwarding_queue.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string trace(int number) {
  return "46efa7ed-b1c6-4905-9378-815a59756c0" + std::to_string(number);
}

std::string intake(int number) {
  return "{\"trace-id\":\"" + trace(number) +
         "\",\"aggregation-id\":\"kittens-seen\",\"batch-id\":"
         "\"7df51646-b3a8-55d8-af8c-12ba188e8469\",\"date\":\"2020/11/01/11/20\"}";
}

/// Does what the test says, and keeps what it was asked for.
class ScriptedHandler final : public MessageHandler {
 public:
  using Script = std::function<MessageEnd(const MessageRun&)>;

  MessageEnd handle(const MessageRun& run) override {
    Script script;
    {
      const Lock lock(mutex_);
      ids_.push_back(run.id);
      script = script_;
    }
    return script ? script(run) : MessageEnd{};
  }
  void set(Script script) {
    const Lock lock(mutex_);
    script_ = std::move(script);
  }
  std::vector<std::string> ids() const {
    const Lock lock(mutex_);
    return ids_;
  }

 private:
  mutable Mutex mutex_;
  Script script_ GUARDED_BY(mutex_);
  std::vector<std::string> ids_ GUARDED_BY(mutex_);
};

class MessageWorkerTest : public testing::Test {
 protected:
  void publish(FakeQueue& queue, const std::string& body, const std::string& id = "broker-id") {
    const std::vector<Message> messages = {{.id = id, .body = body}};
    ASSERT_TRUE(queue.publish(messages).value()[0]);
  }
  Result<MessageCounts> run() {
    MessageWorker worker({.from = queue_,
                          .rejected = rejected_,
                          .handler = handler_,
                          .done = done_,
                          .clock = clock_},
                         options_);
    return worker.run({.finish = finish_.get_token(), .abort = abort_.get_token()});
  }
  /// What is visible in a queue after `later`.
  std::vector<std::string> bodies(FakeQueue& queue, Duration later = Duration(0)) {
    clock_.advance(later);
    std::vector<std::string> bodies;
    for (const Delivery& delivery :
         queue.receive(100, {.at = clock_.steady_now()}).value_or(std::vector<Delivery>{})) {
      bodies.push_back(delivery.message.body);
    }
    return bodies;
  }
  static ScriptedHandler::Script ends(MessageVerdict verdict, std::string reason = "why") {
    return [verdict, reason](const MessageRun&) { return MessageEnd{verdict, reason}; };
  }

  SimClock clock_{OnWait::blocks};
  FakeQueue queue_{clock_, {.visibility = minutes(10)}};
  FakeQueue dead_{clock_};
  Queue* rejected_ = &dead_;
  MemoryDoneIds kept_{clock_, std::chrono::hours(24)};
  DoneIds* done_ = &kept_;
  ScriptedHandler handler_;
  MessageWorkerOptions options_{
      .first_lease = minutes(10), .end = WorkerEnd::when_empty, .idle = Duration(0)};
  std::stop_source finish_;
  std::stop_source abort_;
};

TEST_F(MessageWorkerTest, WhatIsDoneIsAcked) {
  publish(queue_, intake(1));
  publish(queue_, intake(2));
  const auto counts = run();
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(counts->done, 2);
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_THAT(handler_.ids(), ElementsAre(trace(1), trace(2)));
}

TEST_F(MessageWorkerTest, WhatMaySucceedLaterIsSeenAgainAfterTheDelay) {
  publish(queue_, intake(1));
  handler_.set(ends(MessageVerdict::try_again));
  EXPECT_EQ(run()->given_back, 1);
  EXPECT_THAT(bodies(queue_, seconds(9)), IsEmpty());
  EXPECT_THAT(bodies(queue_, seconds(1)), ElementsAre(intake(1)));
}

TEST_F(MessageWorkerTest, TheDelayGrowsWithEachDelivery) {
  publish(queue_, intake(1));
  handler_.set(ends(MessageVerdict::try_again));
  EXPECT_EQ(run()->given_back, 1);
  clock_.advance(seconds(10));
  EXPECT_EQ(run()->given_back, 1);
  EXPECT_THAT(bodies(queue_, seconds(19)), IsEmpty());
  EXPECT_THAT(bodies(queue_, seconds(1)), ElementsAre(intake(1)));
}

TEST_F(MessageWorkerTest, WhatNeverSucceedsGoesToTheRejectedTopicByteForByte) {
  publish(queue_, intake(1) + "\n");
  handler_.set(ends(MessageVerdict::reject, "exit status 3"));
  EXPECT_EQ(run()->rejected, 1);
  EXPECT_EQ(queue_.size(), 0U);
  const auto copies = dead_.receive(10, {.at = clock_.steady_now()}).value();
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].message.body, intake(1) + "\n");
  EXPECT_EQ(copies[0].message.id, "broker-id");
  EXPECT_THAT(copies[0].message.attributes,
              ElementsAre(testing::Pair("waybill-rejected-at", "2026-11-22T12:00:00Z"),
                          testing::Pair("waybill-rejected-reason", "exit status 3")));
}

/// A topic at whose limit every message is: one attribute more is too much.
class FullToTheBrim final : public ForwardingQueue {
 public:
  using ForwardingQueue::ForwardingQueue;
  Result<std::vector<Status>> publish(std::span<const Message> messages) override {
    if (messages[0].attributes.empty()) return inner_.publish(messages);
    return std::vector<Status>{fail(Code::invalid_argument, "over 262,144 bytes")};
  }
};

TEST_F(MessageWorkerTest, AMessageThatIsJustWithinTheLimitsIsRejectedWithoutTheReason) {
  FullToTheBrim brim(dead_);
  rejected_ = &brim;
  publish(queue_, intake(1));
  handler_.set(ends(MessageVerdict::reject, "exit status 3"));
  EXPECT_EQ(run()->rejected, 1);
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_THAT(bodies(dead_, seconds(0)), ElementsAre(intake(1)));
}

TEST_F(MessageWorkerTest, ARejectedTopicThatTakesNothingCostsNoMessage) {
  FakeQueue full(clock_, {.messages_max = 0});
  rejected_ = &full;
  publish(queue_, intake(1));
  handler_.set(ends(MessageVerdict::reject));
  const auto counts = run();
  EXPECT_EQ(counts->rejected, 0);
  EXPECT_EQ(counts->given_back, 1);
  EXPECT_THAT(bodies(queue_, seconds(10)), ElementsAre(intake(1)));
}

TEST_F(MessageWorkerTest, WithoutARejectedTopicItGoesBackToTheQueue) {
  rejected_ = nullptr;
  publish(queue_, intake(1));
  handler_.set(ends(MessageVerdict::reject));
  EXPECT_EQ(run()->given_back, 1);
  EXPECT_THAT(bodies(queue_, seconds(10)), ElementsAre(intake(1)));
}

TEST_F(MessageWorkerTest, MalformedMessagesAreRejectedAndTheRestIsDone) {
  const std::vector<std::string> malformed = {
      "", "no JSON", "[]", "{}", "{\"trace-id\":\"" + trace(1) + "\"}", "\xff"};
  for (const std::string& body : malformed) publish(queue_, body);
  publish(queue_, intake(1));
  const auto counts = run();
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(counts->rejected, static_cast<std::int64_t>(malformed.size()));
  EXPECT_EQ(counts->done, 1);
  EXPECT_THAT(bodies(dead_), testing::ElementsAreArray(malformed));
  EXPECT_THAT(handler_.ids(), ElementsAre(trace(1)));
}

TEST_F(MessageWorkerTest, DuplicatesOfWhatWasDoneAreDropped) {
  publish(queue_, intake(1), "first");
  publish(queue_, intake(1), "second");
  const auto counts = run();
  EXPECT_EQ(counts->done, 1);
  EXPECT_EQ(counts->duplicates, 1);
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_THAT(handler_.ids(), ElementsAre(trace(1)));
}

TEST_F(MessageWorkerTest, DuplicatesOfWhatFailedAreRun) {
  publish(queue_, intake(1), "first");
  handler_.set(ends(MessageVerdict::reject));
  EXPECT_EQ(run()->rejected, 1);
  publish(queue_, intake(1), "replayed");
  handler_.set({});
  EXPECT_EQ(run()->done, 1);
}

TEST_F(MessageWorkerTest, ADuplicateAfterTheWindowIsRun) {
  publish(queue_, intake(1));
  EXPECT_EQ(run()->done, 1);
  clock_.advance(std::chrono::hours(24));
  publish(queue_, intake(1));
  EXPECT_EQ(run()->done, 1);
}

TEST_F(MessageWorkerTest, WithoutATraceIdTheMessagesOwnIdCounts) {
  options_.form = MessageForm::any;
  publish(queue_, "text", "a");
  publish(queue_, "text", "b");
  publish(queue_, "other", "a");
  EXPECT_EQ(run()->duplicates, 1);
  EXPECT_THAT(handler_.ids(), ElementsAre("a", "b"));
}

TEST_F(MessageWorkerTest, TwoCopiesInHandAtOnceAreRunOnce) {
  options_.concurrency = 2;
  publish(queue_, intake(1), "first");
  publish(queue_, intake(1), "second");
  // The first run goes on until the other slot waits with the copy in hand.
  handler_.set([&](const MessageRun&) {
    clock_.await_waiters(2);
    return MessageEnd{};
  });
  options_.end = WorkerEnd::never;
  std::jthread worker([&] {
    const auto counts = run();
    EXPECT_EQ(counts->done + counts->duplicates, 2);
  });
  while (queue_.size() > 0) std::this_thread::yield();
  finish_.request_stop();
  worker.join();
  EXPECT_EQ(handler_.ids().size(), 1U);
}

TEST_F(MessageWorkerTest, TheLeaseIsKeptWhileARunIsLongerThanIt) {
  publish(queue_, intake(1));
  handler_.set([&](const MessageRun& run) {
    for (int i = 0; i < 10; ++i) {
      clock_.await_waiters(1);  // the keeper has done what is due
      EXPECT_THAT(bodies(queue_, minutes(4)), IsEmpty()) << "after " << i;
    }
    EXPECT_FALSE(run.stop.stop_requested());
    return MessageEnd{};
  });
  EXPECT_EQ(run()->done, 1);
  EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(MessageWorkerTest, ALostLeaseStopsTheRunAndSettlesNothing) {
  publish(queue_, intake(1));
  handler_.set([&](const MessageRun& run) {
    queue_.lose_all();
    clock_.await_waiters(1);
    clock_.advance(minutes(5));
    clock_.wait_until(kSteadyTimeMax, run.stop);
    return MessageEnd{MessageVerdict::stopped, "proof"};
  });
  const auto counts = run();
  EXPECT_EQ(counts->lost, 1);
  EXPECT_EQ(counts->given_back + counts->done + counts->rejected, 0);
}

TEST_F(MessageWorkerTest, ARunOverItsTimeIsStoppedAndItsMessageTriedAgain) {
  options_.run_time_max = minutes(1);
  publish(queue_, intake(1));
  handler_.set([&](const MessageRun& run) {
    clock_.await_waiters(1);
    clock_.advance(minutes(1));
    clock_.wait_until(kSteadyTimeMax, run.stop);
    return MessageEnd{MessageVerdict::stopped, "proof"};
  });
  EXPECT_EQ(run()->given_back, 1);
  EXPECT_THAT(bodies(queue_, seconds(10)), ElementsAre(intake(1)));
}

TEST_F(MessageWorkerTest, AskedToFinishItDoesWhatItHasInHandAndNoMore) {
  options_.end = WorkerEnd::never;
  publish(queue_, intake(1));
  publish(queue_, intake(2));
  handler_.set([&](const MessageRun& run) {
    finish_.request_stop();
    EXPECT_FALSE(run.stop.stop_requested());
    return MessageEnd{};
  });
  EXPECT_EQ(run()->done, 1);
  EXPECT_THAT(bodies(queue_), ElementsAre(intake(2)));
}

TEST_F(MessageWorkerTest, AskedAgainItStopsTheRunAndGivesTheMessageBackAtOnce) {
  options_.end = WorkerEnd::never;
  publish(queue_, intake(1));
  handler_.set([&](const MessageRun& run) {
    finish_.request_stop();
    abort_.request_stop();
    EXPECT_TRUE(run.stop.stop_requested());
    return MessageEnd{MessageVerdict::stopped, "proof"};
  });
  EXPECT_EQ(run()->given_back, 1);
  EXPECT_THAT(bodies(queue_), ElementsAre(intake(1)));
}

TEST_F(MessageWorkerTest, AHandlerThatCanDoNothingEndsTheWorkerAndKeepsTheMessage) {
  options_.end = WorkerEnd::never;
  publish(queue_, intake(1));
  handler_.set(ends(MessageVerdict::unable, "cannot run facilitator"));
  const auto counts = run();
  ASSERT_FALSE(counts.has_value());
  EXPECT_THAT(counts.error().message, HasSubstr("cannot run facilitator"));
  EXPECT_THAT(bodies(queue_), ElementsAre(intake(1)));
}

TEST_F(MessageWorkerTest, AfterOneItEnds) {
  options_.end = WorkerEnd::after_one;
  publish(queue_, intake(1));
  publish(queue_, intake(2));
  EXPECT_EQ(run()->done, 1);
  EXPECT_THAT(handler_.ids(), ElementsAre(trace(1)));
}

TEST_F(MessageWorkerTest, AfterItsLifetimeItTakesNoMore) {
  options_.end = WorkerEnd::never;
  options_.lifetime = minutes(4);
  publish(queue_, intake(1));
  publish(queue_, intake(2));
  handler_.set([&](const MessageRun&) {
    clock_.advance(minutes(4));
    return MessageEnd{};
  });
  EXPECT_EQ(run()->done, 1);
  EXPECT_THAT(bodies(queue_, minutes(10)), ElementsAre(intake(2)));
}

}  // namespace
}  // namespace waybill
