#include "kinds/pipeline/start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/builders.h"
#include "testing/told_context.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class PipelineStartTest : public testing::Test {
 protected:
  static Task task(std::string spec = R"({"pipeline":"release","priority":7})") {
    Task task;
    task.request = a_task(1)
                       .kind(std::string(pipeline::kStartKind))
                       .spec(std::move(spec))
                       .params(R"({"tag":"v1"})")
                       .created_by("schedule:nightly");
    return task;
  }
  Outcome run(const Task& task) { return kind_.run(task, context_); }

  std::vector<PipelineStartKind::Start> started_;
  Status answer_;
  PipelineStartKind kind_{[this](const PipelineStartKind::Start& start) {
    started_.push_back(start);
    return answer_;
  }};
  ToldContext context_;
};

TEST_F(PipelineStartTest, ARunIsStartedWithWhatTheTaskSays) {
  const Outcome outcome = run(task());
  ASSERT_THAT(started_, SizeIs(1));
  EXPECT_EQ(started_[0].spec.pipeline, "release");
  EXPECT_EQ(started_[0].spec.priority, 7);
  EXPECT_EQ(started_[0].params, R"({"tag":"v1"})");
  EXPECT_EQ(started_[0].created_by, "schedule:nightly");
  EXPECT_EQ(std::get<outcome::Succeeded>(outcome).result,
            R"({"run":")" + to_string(started_[0].run) + R"(","pipeline":"release"})");
}

TEST_F(PipelineStartTest, TriedAgainItStartsTheSameRun) {
  run(task());
  run(task());
  EXPECT_EQ(started_[0].run, started_[1].run);
  Task other = task();
  other.request.id = task_id(2);
  run(other);
  EXPECT_NE(started_[0].run, started_[2].run);
}

TEST_F(PipelineStartTest, WhatMayPassIsTriedAgain) {
  for (const Code code : {Code::unavailable, Code::resource_exhausted, Code::deadline_exceeded}) {
    answer_ = fail(code, "busy");
    EXPECT_EQ(std::get<outcome::Failed>(run(task())).failure_class, FailureClass::transient);
  }
  for (const Code code : {Code::not_found, Code::invalid_argument, Code::already_exists}) {
    answer_ = fail(code, "no pipeline");
    const auto failed = std::get<outcome::Failed>(run(task()));
    EXPECT_EQ(failed.failure_class, FailureClass::permanent);
    EXPECT_EQ(failed.error, "no pipeline");
  }
}

TEST_F(PipelineStartTest, SpecsThatStartNothingAreRefused) {
  for (const char* spec : {"{}", R"({"pipeline":""})", R"({"pipeline":"a","priority":1000})",
                           R"({"pipeline":"a","notify":[{}]})", R"({"pipeline":"a","x":1})"}) {
    EXPECT_FALSE(kind_.check(task(spec).request)) << spec;
    EXPECT_EQ(std::get<outcome::Failed>(run(task(spec))).failure_class, FailureClass::permanent);
  }
  EXPECT_TRUE(kind_.check(task().request));
  EXPECT_THAT(std::get<outcome::Failed>(PipelineStartKind().run(task(), context_)).error,
              HasSubstr("waybill up"));
}

TEST(StartSpec, IsReadAsItWasWritten) {
  for (const pipeline::StartSpec& spec :
       {pipeline::StartSpec{.pipeline = "a"},
        pipeline::StartSpec{.pipeline = "b",
        .priority = -3,
        .notify = R"([{"on":["failed"],"kind":"notify.mail","spec":{"to":["a@b"]}}])"}}) {
    const auto read = pipeline::read_start_spec(to_json_text(spec));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, spec);
  }
}

}  // namespace
}  // namespace waybill
