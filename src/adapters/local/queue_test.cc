#include "adapters/local/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "adapters/local/system_clock.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

std::vector<Message> messages(int first, int last) {
  std::vector<Message> made;
  for (int i = first; i <= last; ++i) made.push_back({.id = std::to_string(i)});
  return made;
}

class LocalQueueTest : public testing::Test {
 protected:
  std::vector<Delivery> receive(std::size_t limit) {
    return queue_.receive(limit, Deadline{.at = clock_.steady_now()}).value();
  }
  std::vector<std::string> receive_ids(std::size_t limit) {
    std::vector<std::string> ids;
    for (const Delivery& delivery : receive(limit)) ids.push_back(delivery.message.id);
    return ids;
  }

  SimClock clock_;
  LocalQueue queue_{clock_, {.messages_max = 5, .body_bytes_max = 10, .visibility = seconds(30)}};
};

TEST_F(LocalQueueTest, DeliversInTheOrderOfPublishing) {
  ASSERT_TRUE(queue_.publish(messages(1, 3)));
  EXPECT_THAT(receive_ids(2), ElementsAre("1", "2"));
  EXPECT_THAT(receive_ids(2), ElementsAre("3"));
}

TEST_F(LocalQueueTest, TakesWhatFitsAndRefusesTheRestWhenFull) {
  const auto answers = queue_.publish(messages(1, 6));
  ASSERT_TRUE(answers);
  EXPECT_TRUE((*answers)[4]);
  EXPECT_EQ((*answers)[5].error().code, Code::resource_exhausted);
  const auto taken = receive(1);
  EXPECT_EQ(queue_.publish(messages(7, 7)).value()[0].error().code, Code::resource_exhausted)
      << "a delivered message still counts";
  ASSERT_TRUE(queue_.ack(std::vector{taken[0].receipt}));
  EXPECT_TRUE(queue_.publish(messages(7, 7)).value()[0]);
}

TEST_F(LocalQueueTest, RefusesABodyThatIsTooBigWithBothSizes) {
  const Message big{.id = "big", .body = std::string(11, 'x')};
  const auto answers = queue_.publish(std::vector{big, Message{.id = "small"}});
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].error().code, Code::invalid_argument);
  EXPECT_THAT((*answers)[0].error().message, testing::HasSubstr("11 bytes"));
  EXPECT_THAT((*answers)[0].error().message, testing::HasSubstr("at most 10"));
  EXPECT_TRUE((*answers)[1]);
}

TEST_F(LocalQueueTest, DeliversAgainInOrderWhatWasNotAckedInTime) {
  ASSERT_TRUE(queue_.publish(messages(1, 3)));
  const auto first = receive(2);
  clock_.advance(seconds(29));
  EXPECT_THAT(receive_ids(5), ElementsAre("3"));
  clock_.advance(seconds(1));
  const auto again = receive(5);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].message.id, "1");
  EXPECT_EQ(again[1].message.id, "2");
  EXPECT_EQ(again[0].delivery_count, 2u);
  // The first receiver's receipt is worth nothing any more.
  ASSERT_TRUE(queue_.ack(std::vector{first[0].receipt}));
  clock_.advance(seconds(30));
  EXPECT_THAT(receive_ids(5), ElementsAre("3", "1", "2"));
}

TEST_F(LocalQueueTest, DeliversAgainAtOnceAndInOrderWhatWasGivenBack) {
  ASSERT_TRUE(queue_.publish(messages(1, 3)));
  const auto taken = receive(2);
  ASSERT_TRUE(queue_.nack(std::vector{taken[0].receipt, taken[1].receipt}));
  EXPECT_THAT(receive_ids(5), ElementsAre("1", "2", "3"));
}

TEST_F(LocalQueueTest, KeepsHiddenWhatIsExtendedAndSaysWhatCameTooLate) {
  ASSERT_TRUE(queue_.publish(messages(1, 2)));
  const auto taken = receive(2);
  clock_.advance(seconds(20));
  ASSERT_TRUE(queue_.extend(std::vector{taken[0].receipt}, seconds(30)));
  clock_.advance(seconds(20));
  EXPECT_THAT(receive_ids(5), ElementsAre("2"));
  const Status late = queue_.extend(std::vector{taken[1].receipt}, seconds(30));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::not_found);
}

TEST_F(LocalQueueTest, WaitsNoLongerThanUntilAHiddenMessageIsFree) {
  ASSERT_TRUE(queue_.publish(messages(1, 1)));
  receive(1);
  const SteadyTime freed = clock_.steady_now() + seconds(30);
  const auto again = queue_.receive(1, Deadline{.at = freed + seconds(60)});
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 1u);
  EXPECT_EQ(clock_.steady_now(), freed);
}

TEST_F(LocalQueueTest, AnswersNothingWhenTheDeadlinePassesOrAStopIsAskedFor) {
  const SteadyTime until = clock_.steady_now() + seconds(5);
  EXPECT_TRUE(queue_.receive(1, Deadline{.at = until}).value().empty());
  EXPECT_EQ(clock_.steady_now(), until);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(queue_.receive(1, Deadline{.stop = stop.get_token()}).value().empty());
}

TEST(LocalQueue, GivesEachMessageOfManyThreadsToOneReceiver) {
  constexpr int kMessages = 2000;
  SystemClock clock;
  LocalQueue queue(clock);
  std::atomic<int> received{0};
  Mutex mutex;
  std::set<std::string> ids;
  {
    std::vector<std::jthread> receivers;
    for (int i = 0; i < 3; ++i) {
      receivers.emplace_back([&] {
        while (received < kMessages) {
          const auto some =
              queue.receive(10, Deadline{.at = clock.steady_now() + std::chrono::milliseconds(20)});
          for (const Delivery& delivery : *some) {
            EXPECT_TRUE(queue.ack(std::vector{delivery.receipt}));
            const Lock lock(mutex);
            EXPECT_TRUE(ids.insert(delivery.message.id).second) << delivery.message.id;
          }
          received += static_cast<int>(some->size());
        }
      });
    }
    for (int i = 0; i < kMessages; i += 100) {
      EXPECT_TRUE(queue.publish(messages(i, i + 99)));
    }
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kMessages));
}

}  // namespace
}  // namespace waybill
