#include "services/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_queue.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::string body(const std::string& aggregation, int number) {
  return "{\"trace-id\":\"t" + std::to_string(number) + "\",\"aggregation-id\":\"" + aggregation +
         "\",\"n\":" + std::to_string(number) + ",\"in\":{\"x\":true}}";
}

class ReplayTest : public testing::Test {
 protected:
  void publish(const std::string& text,
               std::vector<std::pair<std::string, std::string>> more = {}) {
    const std::vector<Message> messages = {
        {.id = "m" + std::to_string(++last_), .body = text, .attributes = std::move(more)}};
    ASSERT_TRUE(dead_.publish(messages).value()[0]);
  }
  ReplayReport run(Queue& to) {
    auto report = Replay(dead_, to, clock_, options_).run({});
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report.value_or(ReplayReport{});
  }
  std::vector<std::string> bodies(FakeQueue& queue) {
    std::vector<std::string> bodies;
    const auto deliveries = queue.receive(100, {.at = clock_.steady_now()}).value();
    for (const Delivery& delivery : deliveries) {
      bodies.push_back(delivery.message.body);
    }
    return bodies;
  }

  SimClock clock_;
  FakeQueue dead_{clock_, {.visibility = std::chrono::minutes(10)}};
  FakeQueue work_{clock_};
  ReplayOptions options_;
  int last_ = 0;
};

TEST_F(ReplayTest, WithoutAFilterItMovesAll) {
  publish(body("a", 1));
  publish("no JSON");
  const ReplayReport report = run(work_);
  EXPECT_EQ(report.messages.size(), 2U);
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(dead_.size(), 0U);
  EXPECT_THAT(bodies(work_), ElementsAre(body("a", 1), "no JSON"));
}

TEST_F(ReplayTest, AFilterMovesWhatMatchesAndGivesTheRestBack) {
  publish(body("a", 1));
  publish(body("b", 2));
  publish("no JSON");
  options_.filter.match = {{"aggregation-id", "a"}};
  const ReplayReport report = run(work_);
  ASSERT_EQ(report.messages.size(), 1U);
  EXPECT_EQ(report.messages[0].id, "t1");
  EXPECT_EQ(report.passed_over, 2);
  EXPECT_THAT(bodies(work_), ElementsAre(body("a", 1)));
  EXPECT_THAT(bodies(dead_), UnorderedElementsAre(body("b", 2), "no JSON"));
}

TEST_F(ReplayTest, ADryRunPublishesAndTakesNothing) {
  publish(body("a", 1));
  publish(body("b", 2));
  options_.mode = ReplayMode::dry_run;
  options_.filter.match = {{"n", "1"}};
  const ReplayReport report = run(work_);
  ASSERT_EQ(report.messages.size(), 1U);
  EXPECT_EQ(report.messages[0].outcome, ReplayOutcome::moved);
  EXPECT_EQ(work_.size(), 0U);
  EXPECT_THAT(bodies(dead_), UnorderedElementsAre(body("a", 1), body("b", 2)));
}

TEST_F(ReplayTest, ALimitMovesNoMore) {
  for (int i = 1; i <= 5; ++i) publish(body("a", i));
  options_.limit = 2;
  EXPECT_EQ(run(work_).messages.size(), 2U);
  EXPECT_EQ(work_.size(), 2U);
  EXPECT_EQ(bodies(dead_).size(), 3U);
}

TEST_F(ReplayTest, WhatTheOtherQueueRefusesStays) {
  publish(body("a", 1));
  publish(body("a", 2));
  FakeQueue narrow(clock_, {.messages_max = 1});
  const ReplayReport report = run(narrow);
  ASSERT_EQ(report.messages.size(), 2U);
  EXPECT_EQ(report.messages[1].outcome, ReplayOutcome::failed);
  EXPECT_EQ(narrow.size(), 1U);
  EXPECT_THAT(bodies(dead_), ElementsAre(body("a", 2)));
}

TEST_F(ReplayTest, TimesAreThoseOfTheBrokerOrOfTheRejection) {
  const auto rejected = [&](Duration ago) {
    return std::pair<std::string, std::string>("waybill-rejected-at",
                                               format_time(clock_.now() - ago));
  };
  publish(body("old", 1), {rejected(hours(3))});
  publish(body("new", 2), {rejected(hours(1))});
  publish(body("unknown", 3));
  options_.filter.older_than = hours(2);
  EXPECT_EQ(run(work_).messages.size(), 1U);
  options_.filter = {.newer_than = hours(2)};
  EXPECT_EQ(run(work_).messages.size(), 1U);
  EXPECT_THAT(bodies(work_), ElementsAre(body("old", 1), body("new", 2)));
  EXPECT_THAT(bodies(dead_), ElementsAre(body("unknown", 3)));
}

TEST_F(ReplayTest, WhatTheRejectionAddedDoesNotGoBack) {
  publish(body("a", 1), {{"mine", "1"}, {"waybill-rejected-reason", "exit status 3"}});
  EXPECT_EQ(run(work_).messages[0].reason, "exit status 3");
  const auto back = work_.receive(1, {.at = clock_.steady_now()}).value();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_THAT(back[0].message.attributes, ElementsAre(testing::Pair("mine", "1")));
  EXPECT_EQ(back[0].message.id, "m1");
}

TEST_F(ReplayTest, ItLooksAtNoMoreThanItMayAndSaysSo) {
  for (int i = 1; i <= 5; ++i) publish(body("a", i));
  options_.looked_at = 3;
  options_.filter.match = {{"aggregation-id", "b"}};
  const ReplayReport report = run(work_);
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.passed_over, 3);
  EXPECT_EQ(bodies(dead_).size(), 5U);
}

TEST(ReplayMatchesTest, FieldsAreComparedAsText) {
  EXPECT_TRUE(matches({}, "anything"));
  EXPECT_TRUE(matches({{"n", "7"}, {"in.x", "true"}}, body("a", 7)));
  EXPECT_TRUE(matches({{"a.b", "1"}}, "{\"a.b\":1}"));
  EXPECT_FALSE(matches({{"n", "7"}, {"missing", ""}}, body("a", 7)));
  EXPECT_FALSE(matches({{"n", "7"}}, "[7]"));
}

}  // namespace
}  // namespace waybill
