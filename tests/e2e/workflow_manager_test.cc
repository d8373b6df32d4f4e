// `waybill workflow-manager` beyond the golden cases: what it prints, and how it ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "base/json.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WorkflowManagerTest : public testing::Test {
 protected:
  WorkflowManagerTest() {
    for (const char* part : {"batch", "batch.avro", "batch.sig"}) {
      place_.write(std::string("in/kittens/2020/10/31/11/30/b1.") + part, "");
    }
    place_.write("in/kittens/2020/10/31/11/xx/b2.batch", "");
    place_.write("own/.keep/x", "");
    place_.write("peer/.keep/x", "");
  }
  Ran run(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"workflow-manager",
                                          "--ingestor-input=file://" + place_.path("in"),
                                          "--own-validation-input=file://" + place_.path("own"),
                                          "--peer-validation-input=file://" + place_.path("peer"),
                                          "--task-queue-kind=file",
                                          "--intake-tasks-topic=" + place_.path("intake"),
                                          "--aggregate-tasks-topic=" + place_.path("aggregate"),
                                          "--now=2020-10-31T12:00:00Z"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return place_.run(arguments);
  }

  Place place_;
};

constexpr const char* kMarker = "own/task-markers/intake-kittens-2020-10-31-11-30-b1";

TEST_F(WorkflowManagerTest, PublishesAndMarks) {
  const Ran ran = run({});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(place_.read("intake"), HasSubstr("\\\"batch-id\\\":\\\"b1\\\""));
  EXPECT_EQ(place_.read(kMarker), "intake-kittens-2020-10-31-11-30-b1");
  EXPECT_FALSE(place_.exists("own/task-markers/scan-lock"));
  EXPECT_THAT(ran.err, HasSubstr("\"message\":\"done\"}\n"));
  EXPECT_THAT(ran.err, HasSubstr("malformed batch name kittens/2020/10/31/11/xx/b2.batch"));
}

TEST_F(WorkflowManagerTest, PrintsThePlanOfADryRunAndWritesNothing) {
  const Ran table = run({"--dry-run", "--log-level=off"});
  EXPECT_EQ(table.status, 0);
  EXPECT_EQ(table.err, "");
  EXPECT_THAT(table.out, HasSubstr("intake kittens 2020/10/31/11/30 b1"));
  EXPECT_THAT(table.out, HasSubstr("malformed_name"));
  const Ran json = run({"-dry-run", "-json"});
  EXPECT_EQ(json.status, 0);
  const auto plan = json::parse(json.out);
  ASSERT_TRUE(plan) << json.out;
  EXPECT_EQ(violations("workflow-manager", *plan), "");
  EXPECT_EQ(plan->at("tasks").at(0).at("message").at("batch-id"), "b1");
  EXPECT_FALSE(place_.exists("intake"));
  EXPECT_FALSE(place_.exists("own/task-markers"));
}

TEST_F(WorkflowManagerTest, ADryRunKnowsTheLimitOfItsQueue) {
  const std::string long_id(200, 'b');
  for (int i = 0; i < 1200; ++i) {  // about 280 kB, which a file takes and SNS does not
    const std::string name = "kittens/2020/10/31/08/00/" + long_id + std::to_string(i) + ".";
    for (const char* part : {"batch", "batch.avro", "batch.sig"})
      place_.write("in/" + name + part, "");
    place_.write("peer/" + name + "validity_0.sig", "");
  }
  const std::vector<std::string> sns = {"--dry-run", "--task-queue-kind=aws-sns",
                                        "--aws-sns-region=us-west-1", "--log-level=error"};
  const Ran refused = run(sns);
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.out + refused.err, HasSubstr("262144"));
  EXPECT_THAT(refused.out, HasSubstr("too_large"));
  auto parts = sns;
  parts.push_back("--split-aggregations");
  const Ran one_minute = run(parts);
  EXPECT_EQ(one_minute.status, 1) << "one minute does not come apart";
  EXPECT_THAT(one_minute.err, HasSubstr("{\"severity\":\"error\""));
  EXPECT_THAT(one_minute.err, HasSubstr("its 1200 batches make a message of"));
  EXPECT_THAT(one_minute.err, HasSubstr("a single minute cannot be split: choose a queue that"));
  const Ran taken = run({"--dry-run", "--log-level=error"});
  EXPECT_EQ(taken.status, 0) << taken.err;
  EXPECT_THAT(taken.out, HasSubstr("aggregate kittens"));
  EXPECT_THAT(taken.out, Not(HasSubstr("too_large")));
}

TEST_F(WorkflowManagerTest, EndsWellWhenThePushOfMetricsFails) {
  const Ran ran = run({"--push-gateway=http://127.0.0.1:1"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("error occurred with pushing to prometheus"));
}

TEST_F(WorkflowManagerTest, AggregatesWhatThePeerValidatedAfterItsWindowHadPassed) {
  EXPECT_EQ(run({}).status, 0);
  place_.write("peer/kittens/2020/10/31/11/30/b1.validity_0.sig", "");
  const Ran later = run({"--now=2020-10-31T21:00:00Z"});
  EXPECT_EQ(later.status, 0) << later.err;
  EXPECT_TRUE(
      place_.exists("own/task-markers/aggregate-kittens-2020-10-31-09-00-2020-10-31-12-00"));
  const std::string published = place_.read("aggregate");
  EXPECT_THAT(published, HasSubstr("2020/10/31/09/00"));
  EXPECT_EQ(run({"--now=2020-10-31T21:10:00Z"}).status, 0);
  EXPECT_EQ(place_.read("aggregate"), published) << "once";
}

TEST_F(WorkflowManagerTest, SaysWhenThePlanOfADryRunCouldNotBeWritten) {
  place_.stdout_path = "/dev/full";
  for (const std::string more : {"--json=false", "--json"}) {
    const Ran ran = run({"--dry-run", "--log-level=off", more});
    EXPECT_EQ(ran.status, 69);
    EXPECT_THAT(ran.err, HasSubstr("writing to stdout failed"));
  }
  place_.stdout_path = "";
  place_.wrapper = {"/bin/sh", "-c", "exec \"$0\" \"$@\" >&-"};
  const Ran closed = run({"--dry-run", "--log-level=off"});
  EXPECT_EQ(closed.status, 69);
  EXPECT_THAT(closed.err, HasSubstr("writing to stdout failed"));
}

/// Root may read all unless it gives that up.
std::vector<std::string> without_rights_of_root() {
  if (::geteuid() != 0) return {};
  return {"/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search"};
}

TEST_F(WorkflowManagerTest, LeavesOutDirectoriesThatNobodyMayRead) {
  place_.wrapper = without_rights_of_root();
  for (const char* name : {"in/lost+found", "in/kittens/1999"}) {
    place_.write(std::string(name) + "/x", "");
    std::filesystem::permissions(place_.path(name), std::filesystem::perms::none);
  }
  const Ran ran = run({});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(place_.exists(kMarker));
  EXPECT_THAT(ran.err, HasSubstr("{\"severity\":\"warn\""));
  EXPECT_THAT(ran.err, HasSubstr("in/lost+found"));
  EXPECT_THAT(ran.err, HasSubstr("in/kittens/1999"));
  for (const char* name : {"in/lost+found", "in/kittens/1999"}) {
    std::filesystem::permissions(place_.path(name), std::filesystem::perms::owner_all);
  }
}

TEST_F(WorkflowManagerTest, DoesTheRestWhereADirectoryOfAWindowCannotBeRead) {
  place_.wrapper = without_rights_of_root();
  place_.write("in/puppies/2020/10/31/11/30/b.batch", "");
  const std::string closed = place_.path("in/puppies/2020/10/31");
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  const Ran ran = run({});
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(place_.exists(kMarker));
  EXPECT_THAT(ran.err, HasSubstr("in/puppies/2020/10/31"));
  EXPECT_THAT(ran.err, HasSubstr("\"failed listings\":"));
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
}

TEST_F(WorkflowManagerTest, PublishesNothingWhoseMarkerNoFileCanBeNamed) {
  const std::string id(235, 'b');
  for (const char* part : {"batch", "batch.avro", "batch.sig"}) {
    place_.write("in/kittens/2020/10/31/11/30/" + id + "." + part, "");
  }
  const Ran ran = run({});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(place_.read("intake"), Not(HasSubstr(id)));
  EXPECT_THAT(ran.err, HasSubstr("its marker's name would have 267 bytes, and the bucket of "
                                 "markers takes 255: give the batch a shorter id"));
  EXPECT_TRUE(place_.exists(kMarker));
}

TEST_F(WorkflowManagerTest, LogsAsTheOriginalDoes) {
  const Ran ran = run({"--log-level=debug"});
  EXPECT_THAT(ran.err, HasSubstr("\"batch ID\":\"b1\",\"batch\":\"{kittens [2020 10 31 11 30] b1 "
                                 "files:111}\""));
  EXPECT_THAT(ran.err, HasSubstr("{\"severity\":\"debug\",\"prefix\":\"kittens/\""));
  EXPECT_THAT(ran.err, HasSubstr("\"message\":\"listing files in file://" + place_.path("in")));
}

TEST_F(WorkflowManagerTest, ReadsItsFileAndVariables) {
  place_.write("prio.yaml", "dry_run: true\nlog-level: \"off\"\n");
  const Ran ran = run({"--config", place_.path("prio.yaml")});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_FALSE(place_.exists("intake"));
  place_.write("prio.yaml", "dry_rnu: true\n");
  const Ran wrong = run({"--config", place_.path("prio.yaml")});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("prio.yaml:1:1: unknown setting \"dry_rnu\""));
}

TEST_F(WorkflowManagerTest, RefusesMisuseBeforeItTouchesAnything) {
  for (const char* flag : {"--grace-period=-1h", "--max-enqueue-workers=0", "--no-such-flag",
                           "--aggregation-period=0", "--ingestor-input=s3xxxregion/b", "stray"}) {
    const Ran ran = run({flag});
    EXPECT_EQ(ran.status, 2) << flag;
    EXPECT_THAT(ran.err, Not(StartsWith("{\"severity\":\"fatal\""))) << flag;
    EXPECT_NE(ran.err, "") << flag;
  }
  EXPECT_FALSE(place_.exists("intake"));
  EXPECT_FALSE(place_.exists("own/task-markers"));
}

}  // namespace
}  // namespace waybill::e2e
