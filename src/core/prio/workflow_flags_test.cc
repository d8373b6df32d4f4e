#include "core/prio/workflow_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill::prio {
namespace {

using testing::HasSubstr;

/// What is deployed, but for what a case adds.
std::vector<std::string> arguments(std::vector<std::string> more = {}) {
  std::vector<std::string> all = {"--own-validation-input=s3://us-west-1/own",
                                  "--peer-validation-input",
                                  "gs://peer",
                                  "--ingestor-input=s3://us-west-1/in",
                                  "--task-queue-kind=aws-sns",
                                  "--intake-tasks-topic=arn:intake",
                                  "--aggregate-tasks-topic=arn:aggregate",
                                  "--aws-sns-region=us-west-1",
                                  "--gcp-project-id",
                                  "",
                                  "--is-first=true"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Result<WorkflowOptions> options(std::vector<std::string> more = {}) {
  const auto values = read_workflow_flags({.arguments = arguments(std::move(more))});
  if (!values) return fail(values.error());
  return workflow_options(*values);
}

Error refusal(std::vector<std::string> more) {
  const auto result = options(std::move(more));
  EXPECT_FALSE(result);
  return result ? Error{} : result.error();
}

TEST(WorkflowFlags, HaveTheOriginalsDefaults) {
  const auto result = options();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->scan.intake_max_age, std::chrono::hours(1));
  EXPECT_EQ(result->scan.aggregation_period, std::chrono::hours(3));
  EXPECT_EQ(result->scan.grace_period, std::chrono::hours(1));
  EXPECT_EQ(result->scan.side, PrioSide::first);
  EXPECT_EQ(result->enqueue_workers, 100u);
  EXPECT_EQ(result->mode, WorkflowMode::real);
  EXPECT_EQ(result->peer.url.text, "gs://peer");
  EXPECT_EQ(result->queue.aws_region, "us-west-1");
  EXPECT_FALSE(result->scan.aggregation_override);
  EXPECT_EQ(result->scan.catch_up, kMarkerRetention);
  EXPECT_EQ(result->scan.catch_up_from, CatchUpFrom::first_marker);
}

TEST(WorkflowFlags, RefuseAsMisuseWhatTheOriginalTookAlthoughItMakesNoSense) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--grace-period=-3h"}, "--grace-period is -3h"},
      {{"--grace-period=-1ns"}, "--grace-period is -1ns"},
      {{"--aggregation-period=0s"}, "--aggregation-period is 0s"},
      {{"--aggregation-period=-1h"}, "--aggregation-period is -1h"},
      {{"--aggregation-period=600000000h"},
       "--aggregation-period is 600000000h; it must be between 1m and 876600h"},
      {{"--aggregation-period=2000000000h"},
       "invalid value \"2000000000h\" for flag -aggregation-period: parse error: "
       "'2000000000h' is longer than 640511947h"},
      {{"--catch-up=600000000h"}, "--catch-up is 600000000h"},
      {{"--grace-period=600000000h"}, "--grace-period is 600000000h"},
      {{"--intake-max-age=600000000h"}, "--intake-max-age is 600000000h"},
      {{"--aggregation-period=90s"}, "--aggregation-period is 1m30s; it must be whole minutes"},
      {{"--max-enqueue-workers=-1"}, "--max-enqueue-workers is -1"},
      {{"--max-enqueue-workers=0", "--task-queue-kind=gcp-pubsub"}, "--max-enqueue-workers is 0"},
      {{"--ingestor-input=s3xxxus-west-1/in"}, "--ingestor-input: no bucket's URL"},
      {{"--intake-max-age=-25h"}, "--intake-max-age is -25h"},
      {{"--intake-max-age=-1h"}, "--intake-max-age is -1h: batches of this moment would be too"},
      {{"--intake-max-age=-1ns"}, "--intake-max-age is -1ns"},
      {{"--catch-up=soon"}, "--catch-up is \"soon\""},
      {{"--catch-up=-1h"}, "--catch-up is \"-1h\""},
      {{"--now=noon"}, "--now is no time"},
      {{"--log-level=inof"}, "did you mean \"info\"?"},
      {{"--task-queue-kind=amqp"}, "--amqp-url is required for task-queue-kind=amqp"},
      {{"--task-queue-kind=amqp", "--amqp-url=amqp://h", "--amqp-url-file=/f"}, "give one of them"},
      {{"--task-queue-kind=amqp", "--amqp-url=amqp://h", "--amqp-queue-type=fast"},
       "--amqp-queue-type is \"fast\""},
      {{"--task-queue-kind=ledger"}, "--definitions is required for task-queue-kind=ledger"}};
  for (const auto& [more, why] : cases) {
    const Error error = refusal(more);
    EXPECT_EQ(error.code, Code::invalid_argument) << why;
    EXPECT_THAT(error.message, HasSubstr(why));
  }
}

TEST(WorkflowFlags, LetARunTakeNothingIn) {
  EXPECT_TRUE(options({"--intake-max-age=-24h"}));
}

TEST(WorkflowFlags, EndInTheOriginalsWordsWhereItEndedToo) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--own-validation-input="}, "--own-validation-input: empty Bucket URL"},
      {{"--peer-validation-input=s3://x"}, "--peer-validation-input: invalid S3 Bucket name"},
      {{"--aggregation-override-timestamp=2020103107"},
       "--aggregation-override-timestamp: couldn't parse"},
      {{"--aggregation-override-timestamp=202013010000"}, "couldn't parse"},
      {{"--intake-tasks-topic="},
       "--task-queue-kind, --intake-tasks-topic and --aggregate-tasks-topic are required"},
      {{"--task-queue-kind=kafka"}, "unknown task queue kind kafka"},
      {{"--task-queue-kind=gcp-pubsub"},
       "--gcp-project-id is required for task-queue-kind=gcp-pubsub"},
      {{"--aws-sns-region="}, "--aws-sns-region is required for task-queue-kind=aws-sns"},
      {{"--peer-validation-identity=arn:role"}, "goes with s3:// only"}};
  for (const auto& [more, why] : cases) {
    const Error error = refusal(more);
    EXPECT_EQ(error.code, Code::failed_precondition) << why;
    EXPECT_THAT(error.message, HasSubstr(why));
  }
}

TEST(WorkflowFlags, AreCheckedInTheOriginalsOrder) {
  EXPECT_THAT(refusal({"--own-validation-input=", "--peer-validation-input=", "--ingestor-input=",
                       "--task-queue-kind="})
                  .message,
              HasSubstr("--own-validation-input"));
  EXPECT_THAT(refusal({"--peer-validation-input=", "--ingestor-input="}).message,
              HasSubstr("--peer-validation-input"));
  EXPECT_THAT(refusal({"--ingestor-input=", "--aggregation-override-timestamp=x"}).message,
              HasSubstr("--ingestor-input"));
  EXPECT_THAT(refusal({"--aggregation-override-timestamp=x", "--task-queue-kind="}).message,
              HasSubstr("--aggregation-override-timestamp"));
}

TEST(WorkflowFlags, LetSnsHaveNoWorkersAsTheOriginalDid) {
  const auto result = options({"--max-enqueue-workers=0"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->enqueue_workers, 100u);
}

TEST(WorkflowFlags, ReadWhatIsCaughtUp) {
  EXPECT_EQ(options({"--catch-up=24h"})->scan.catch_up_from, CatchUpFrom::always);
  EXPECT_EQ(options({"--catch-up=24h"})->scan.catch_up, std::chrono::hours(24));
  EXPECT_EQ(options({"--catch-up=0s"})->scan.catch_up, Duration(0));
  // A thousand windows are the most that are looked at.
  EXPECT_TRUE(options({"--aggregation-period=1m"}));
  EXPECT_THAT(refusal({"--aggregation-period=1m", "--catch-up=48h"}).message,
              HasSubstr("--catch-up spans 2880 aggregation periods"));
}

TEST(WorkflowFlags, TakeNoPasswordFromTheCommandLine) {
  for (const char* url : {"amqp://ann:secret@host", "amqp://ann:s/e@c@host/v", "ann:secret@host",
                          "amqps://:secret@host:5671/%2f"}) {
    const Error error = refusal({"--task-queue-kind=amqp", "--amqp-url", url});
    EXPECT_EQ(error.code, Code::invalid_argument) << url;
    EXPECT_THAT(error.message, HasSubstr("WAYBILL_AMQP_URL"));
    EXPECT_THAT(error.message, testing::Not(HasSubstr("secret")));
  }
  EXPECT_EQ(
      options({"--task-queue-kind=amqp", "--amqp-url=amqp://ann@host:5672/v"})->queue.amqp_url,
      "amqp://ann@host:5672/v");
  const auto values =
      read_workflow_flags({.arguments = arguments({"--task-queue-kind=amqp"}),
                           .environment = {{"WAYBILL_AMQP_URL", "amqp://ann:secret@host"}}});
  ASSERT_TRUE(values);
  EXPECT_EQ(workflow_options(*values)->queue.amqp_url, "amqp://ann:secret@host");
}

TEST(WorkflowFlags, TakeAUrlFromWhereItCountsMost) {
  const std::map<std::string, std::string> environment = {
      {"WAYBILL_AMQP_URL", "amqp://ann:secret@host"}};
  const auto from_file =
      read_workflow_flags({.arguments = arguments({"--task-queue-kind=amqp", "--amqp-url-file=f"}),
                           .environment = environment});
  ASSERT_TRUE(from_file);
  const auto queue = workflow_options(*from_file);
  ASSERT_TRUE(queue) << queue.error().message;
  EXPECT_EQ(queue->queue.amqp_url, "");
  EXPECT_EQ(queue->queue.amqp_url_file, "f");
  EXPECT_THAT(
      refusal({"--task-queue-kind=amqp", "--amqp-url-file=f", "--amqp-url=amqp://host"}).message,
      HasSubstr("give one of them"));
}

Document document(std::string json) {
  return {.file = "prio.yaml", .directory = "/etc/prio", .json = std::move(json)};
}

TEST(WorkflowFlags, CountBeforeVariablesAndThoseBeforeTheFile) {
  const Document file = document(
      R"({"grace_period": "2h", "intake-max-age": "3h", "max_enqueue_workers": 7, "dry-run": true,
          "ingestor_label": null})");
  const auto values = read_workflow_flags(
      {.arguments = {"--grace-period=4h"},
       .environment = {{"WAYBILL_GRACE_PERIOD", "5h"}, {"WAYBILL_INTAKE_MAX_AGE", "6h"}},
       .file = &file});
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(values->find("grace-period")->second, "4h");
  EXPECT_EQ(values->find("intake-max-age")->second, "6h");
  EXPECT_EQ(values->find("max-enqueue-workers")->second, "7");
  EXPECT_EQ(values->find("dry-run")->second, "true");
  EXPECT_EQ(values->find("aggregation-period")->second, "3h");
}

TEST(WorkflowFlags, PassOverSettingsOfOtherCommands) {
  const Document file = document(R"({"slots": 3, "listen": "127.0.0.1:1", "grace_period": "2h",
                                       "data": "kept", "ledger": "postgres://db/waybill"})");
  const auto values = read_workflow_flags({.file = &file});
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(values->find("grace-period")->second, "2h");
  EXPECT_EQ(values->find("ledger")->second, "postgres://db/waybill");
  EXPECT_EQ(values->find("data")->second, "/etc/prio/kept");
}

TEST(WorkflowFlags, NameWhatIsWrongInAFileOrVariable) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"grace_perod": "2h"})", "unknown setting \"grace_perod\"; did you mean"},
      {R"({"grace_period": "soon"})", "grace_period is \"soon\""},
      {R"({"grace_period": ["1h"]})", "it takes one value"},
      {R"({"grace-period": "1h", "grace_period": "2h"})",
       "\"grace_period\" and \"grace-period\" are one setting: give one of them"},
      {R"({"config": "other.yaml"})", "unknown setting \"config\""},
      {R"([1])", "it must hold names and values"}};
  for (const auto& [json, why] : cases) {
    const Document file = document(json);
    const auto values = read_workflow_flags({.file = &file});
    ASSERT_FALSE(values) << json;
    EXPECT_THAT(values.error().message, HasSubstr("prio.yaml"));
    EXPECT_THAT(values.error().message, HasSubstr(why));
  }
  const auto values = read_workflow_flags({.environment = {{"WAYBILL_DRY_RUN", "maybe"}}});
  ASSERT_FALSE(values);
  EXPECT_THAT(values.error().message, HasSubstr("WAYBILL_DRY_RUN is \"maybe\""));
}

}  // namespace
}  // namespace waybill::prio
