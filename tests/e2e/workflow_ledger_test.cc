// `waybill workflow-manager --task-queue-kind ledger`: the tasks of a pass come into Waybill's own
// ledger, and a worker runs them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;

class WorkflowLedgerTest : public testing::Test {
 protected:
  WorkflowLedgerTest() {
    for (const char* at :
         {"2020/10/31/11/30/b1.", "2020/10/31/11/31/b2.", "2020/10/31/08/00/b3."}) {
      for (const char* part : {"batch", "batch.avro", "batch.sig"}) {
        place_.write(std::string("in/kittens/") + at + part, "");
      }
    }
    place_.write("own/.keep/x", "");
    place_.write("peer/kittens/2020/10/31/08/00/b3.validity_0.sig", "");
    place_.write("definitions/prio.yaml",
                 "tasks:\n"
                 "  intake-batch:\n"
                 "    shell: 'echo \"$WAYBILL_PARAMS\" >> " +
                     place_.path("done") +
                     "'\n"
                     "    queue: intake\n"
                     "    params: {type: object, required: [batch-id]}\n"
                     "  aggregate:\n"
                     "    shell: 'echo \"$WAYBILL_PARAMS\" >> " +
                     place_.path("summed") + "'\n");
  }
  Ran run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"workflow-manager",
                                          "--ingestor-input=file://" + place_.path("in"),
                                          "--own-validation-input=file://" + place_.path("own"),
                                          "--peer-validation-input=file://" + place_.path("peer"),
                                          "--task-queue-kind=ledger",
                                          "--intake-tasks-topic=intake-batch",
                                          "--aggregate-tasks-topic=aggregate",
                                          "--data=" + place_.path("data"),
                                          "--definitions=" + place_.path("definitions"),
                                          "--now=2020-10-31T12:00:00Z"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return place_.run(arguments);
  }
  boost::json::array tasks() {
    return place_.json("task list", {"task", "list", "--data", place_.path("data")})
        .at("tasks")
        .as_array();
  }

  const Place place_;
};

constexpr const char* kMarker = "own/task-markers/intake-kittens-2020-10-31-11-30-b1";

TEST_F(WorkflowLedgerTest, AWorkerRunsWhatAPassHasScheduled) {
  const Ran ran = run();
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(place_.exists(kMarker));
  EXPECT_EQ(tasks().size(), 3u);
  EXPECT_EQ(place_.run({"worker", "--until-idle", "--data", place_.path("data")}).status, 0);
  EXPECT_THAT(place_.read("done"), HasSubstr("\"batch-id\":\"b1\",\"date\":\"2020/10/31/11/30\""));
  EXPECT_THAT(place_.read("done"), HasSubstr("\"batch-id\":\"b2\""));
  EXPECT_THAT(place_.read("summed"), HasSubstr("\"batches\":[{\"id\":\"b3\""));
  for (const auto& task : tasks()) EXPECT_EQ(task.at("state"), "succeeded");
}

TEST_F(WorkflowLedgerTest, AMarkerThatWasLostMakesNoSecondTask) {
  ASSERT_EQ(run().status, 0);
  std::filesystem::remove(place_.path(kMarker));
  const Ran again = run();
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_TRUE(place_.exists(kMarker));
  EXPECT_EQ(tasks().size(), 3u);
}

TEST_F(WorkflowLedgerTest, AScanOfTheSameBucketsHasTheSameKeys) {
  ASSERT_EQ(run().status, 0);
  std::filesystem::remove_all(place_.path("own/task-markers"));
  place_.write("definitions/scan.yaml",
               "scans:\n  drop: {planner: prio, side: second, ingestion: ../in, own: ../own, "
               "peer: ../peer, intake_task: intake-batch, aggregate_task: aggregate}\n");
  const Ran scan = place_.run({"scan", "--once", "--now=2020-10-31T12:00:00Z", "--data",
                               place_.path("data"), "--definitions", place_.path("definitions")});
  EXPECT_EQ(scan.status, 0) << scan.err;
  EXPECT_TRUE(place_.exists(kMarker));
  EXPECT_EQ(tasks().size(), 3u);
}

TEST_F(WorkflowLedgerTest, ADryRunMakesNoLedger) {
  const Ran ran = run({"--dry-run"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("b1"));
  EXPECT_FALSE(place_.exists("data"));
}

TEST_F(WorkflowLedgerTest, ATopicThatIsNoTaskDefinitionIsNamed) {
  const Ran ran = run({"--intake-tasks-topic=intake-bach"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("there is no task definition \\\"intake-bach\\\""));
  EXPECT_THAT(ran.err, HasSubstr("did you mean \\\"intake-batch\\\"?"));
  EXPECT_FALSE(place_.exists(kMarker));
}

TEST_F(WorkflowLedgerTest, ATaskThatCouldNeverRunIsAFailureAndNotMarked) {
  place_.write("definitions/prio.yaml",
               "tasks:\n  intake-batch: {command: [\"true\"], params: {type: object, required: "
               "[colour]}}\n  aggregate: {command: [\"true\"]}\n");
  const Ran ran = run();
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("colour"));
  EXPECT_FALSE(place_.exists(kMarker));
  EXPECT_EQ(tasks().size(), 1u) << "the aggregation alone";
}

}  // namespace
}  // namespace waybill::e2e
