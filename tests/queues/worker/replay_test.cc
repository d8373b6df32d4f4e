// `waybill replay` from outside, against real servers: from the rejected queue back to the work.

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/queues/worker/worker_place.h"

namespace waybill::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class ReplayCommandTest : public WorkerPlaceTest {
 protected:
  void SetUp() override {
    WorkerPlaceTest::SetUp();
    if (!IsSkipped()) back_ = GetParam().destination(work_name_);
  }
  std::vector<std::string> arguments(const std::vector<std::string>& options) {
    std::vector<std::string> all = {"replay"};
    const Broker& broker = GetParam();
    all.insert(all.end(), broker.arguments.begin(), broker.arguments.end());
    for (const std::string& more :
         {std::string("--queue"), broker.source(dead_name_), std::string("--to"), back_,
          std::string("--idle"), std::string("1s")}) {
      all.push_back(more);
    }
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }

  std::string back_;
};

const auto kName = [](const auto& instance) { return instance.param.name; };
INSTANTIATE_TEST_SUITE_P(Brokers, ReplayCommandTest,
                         testing::Values(rabbitmq(), pubsub_emulator(), moto(), moto_fifo()),
                         kName);

TEST_P(ReplayCommandTest, ItMovesWhatMatchesAndLeavesTheRest) {
  publish_to(*dead_, {intake(1), intake(2), "not JSON"});
  const auto answer = place_.json("replay", arguments({"--match", "trace-id=" + trace(2)}));
  EXPECT_EQ(answer.at("passed_over"), 2);
  EXPECT_TRUE(answer.at("complete").as_bool());
  ASSERT_EQ(answer.at("messages").as_array().size(), 1U);
  EXPECT_EQ(answer.at("messages").at(0).at("id"), trace(2).c_str());
  EXPECT_EQ(answer.at("messages").at(0).at("outcome"), "moved");
  EXPECT_THAT(left(), ElementsAre(intake(2)));
  EXPECT_THAT(rejected(), UnorderedElementsAre(intake(1), "not JSON"));
}

TEST_P(ReplayCommandTest, ADryRunMovesNothingAndShowsATable) {
  publish_to(*dead_, {intake(1)});
  const Ran ran = place_.run(arguments({"--dry-run"}));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("MESSAGE"));
  EXPECT_THAT(ran.out, HasSubstr(trace(1)));
  EXPECT_THAT(ran.out, HasSubstr("would move"));
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_THAT(rejected(), ElementsAre(intake(1)));
}

TEST_P(ReplayCommandTest, WhatAWorkerRejectedComesBackWithItsReasonAndIsDone) {
  publish({intake(1)});
  ASSERT_EQ(worker({"--once"}, {"sh", "-c", "exit 3"}).status, 0);
  const auto answer = place_.json("replay", arguments({"--newer-than", "1h", "--limit", "5"}));
  ASSERT_EQ(answer.at("messages").as_array().size(), 1U);
  EXPECT_THAT(std::string(answer.at("messages").at(0).at("reason").as_string()),
              HasSubstr("exit status 3"));
  EXPECT_TRUE(answer.at("messages").at(0).at("published_at").is_string());
  const Ran done = worker({"--once"}, {"cat"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.out, intake(1) + "\n");
  EXPECT_THAT(rejected(), IsEmpty());
}

TEST_P(ReplayCommandTest, WithADirectoryTheWorkerKnowsAfterARestartWhatWasDone) {
  const std::vector<std::string> options = {"--data", place_.path("data"), "--once"};
  publish({intake(1)});
  ASSERT_EQ(worker(options, {"cat"}).out, intake(1) + "\n");
  publish({intake(1)});
  const Ran again = worker(options, {"cat"});
  EXPECT_EQ(again.out, "");
  EXPECT_THAT(again.err, HasSubstr("duplicate_dropped"));
  EXPECT_THAT(left(), IsEmpty());
}

}  // namespace
}  // namespace waybill::e2e
