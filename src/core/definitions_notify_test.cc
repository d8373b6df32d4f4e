// `notify` of tasks, pipelines and schedules, and schedules that start runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/definitions_load.h"
#include "core/notify.h"
#include "core/pipeline/plan.h"
#include "core/pipeline/start_spec.h"

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

DefinitionsLoad load(const std::string& json) {
  const Document document{.file = "a.yaml", .directory = "/srv", .json = json};
  // As a kind of notifications refuses what it can never send.
  return load_definitions({{document}}, [](const TaskRequest& request) -> Status {
    if (request.spec.find("nobody") == std::string::npos) return {};
    return fail(Code::invalid_argument, "/to/0: nobody is no mail address");
  });
}

std::vector<std::string> problems_in(const std::string& json) {
  std::vector<std::string> problems;
  for (const Problem& problem : load(json).problems) problems.push_back(to_string(problem));
  return problems;
}

constexpr const char* kDefinitions = R"({
  "tasks": {"t": {"kind": "noop", "notify": {"mail": "a@b"}}},
  "pipelines": {"p": {
      "params": {"type": "object", "required": ["day"]}, "queue": "q", "priority": 3,
      "steps": {"s": {"task": "t"}},
      "notify": [
        {"on": ["succeeded", "failed"], "mail": {"to": ["c@d", "e@f"], "subject": "x"}},
        {"on": "succeeded", "webhook": {"url": "https://x", "secrets": ["k"]}}]}},
  "schedules": {
    "of_task": {"cron": "@daily", "task": "t", "notify": {"on": "succeeded", "mail": "g@h"}},
    "of_pipeline": {"cron": "@daily", "pipeline": "p", "params": {"day": 1}, "catch_up": "all",
                    "notify": {"on": "cancelled", "mail": "g@h"}},
    "first": {"cron": "@daily", "pipeline": "p", "params": {"day": 1}, "priority": 9}}})";

TEST(DefinitionsNotifyTest, RulesAreReadInEachOfTheirForms) {
  const DefinitionsLoad loaded = load(kDefinitions);
  ASSERT_TRUE(loaded.problems.empty()) << to_string(loaded.problems[0]);
  const NotifyRule mail{
      .on = {State::failed}, .kind = std::string(kMailKind), .spec = R"({"to":["a@b"]})"};
  EXPECT_THAT(read_notify(loaded.definitions.tasks.at("t").notify).value(), ElementsAre(mail));
  EXPECT_EQ(make_request(loaded.definitions.tasks.at("t"), "{}").notify,
            loaded.definitions.tasks.at("t").notify);
  const auto rules = read_notify(loaded.definitions.pipelines.at("p").notify).value();
  ASSERT_THAT(rules, SizeIs(2));
  EXPECT_THAT(rules[0].on, ElementsAre(State::succeeded, State::failed));
  EXPECT_EQ(rules[0].spec, R"({"to":["c@d","e@f"],"subject":"x"})");
  EXPECT_EQ(rules[1].kind, kWebhookKind);
  EXPECT_EQ(rules[1].spec, R"({"url":"https://x","secrets":["k"]})");
}

TEST(DefinitionsNotifyTest, APlanKeepsTheRules) {
  const DefinitionsLoad loaded = load(kDefinitions);
  const auto plan =
      pipeline::Plan::make("p", loaded.definitions.pipelines, loaded.definitions.tasks).value();
  const auto read = pipeline::Plan::read(plan->to_json_text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->root().definition.notify, loaded.definitions.pipelines.at("p").notify);
  EXPECT_EQ((*read)->tasks().at("t").notify, loaded.definitions.tasks.at("t").notify);
}

TEST(DefinitionsNotifyTest, AScheduleHasRulesBesidesThoseOfItsTask) {
  const auto loaded = load(kDefinitions);
  const auto rules = read_notify(loaded.definitions.schedules.at("of_task").task.notify).value();
  ASSERT_THAT(rules, SizeIs(2));
  EXPECT_THAT(rules[0].on, ElementsAre(State::failed));
  EXPECT_EQ(rules[1].spec, R"({"to":["g@h"]})");
}

TEST(DefinitionsNotifyTest, AScheduleOfAPipelineMakesTasksThatStartRuns) {
  const auto loaded = load(kDefinitions);
  const Schedule& schedule = loaded.definitions.schedules.at("of_pipeline");
  EXPECT_EQ(schedule.catch_up, CatchUp::all);
  EXPECT_EQ(schedule.source, "a.yaml");
  const TaskRequest& task = schedule.task;
  EXPECT_EQ(task.kind, pipeline::kStartKind);
  EXPECT_EQ(task.queue, "q");
  EXPECT_EQ(task.priority, 3);
  EXPECT_EQ(task.params, R"({"day":1})");
  EXPECT_EQ(task.created_by, "schedule:of_pipeline");
  const auto spec = pipeline::read_start_spec(task.spec).value();
  EXPECT_EQ(spec.pipeline, "p");
  EXPECT_FALSE(spec.priority);
  EXPECT_THAT(read_notify(spec.notify).value(), SizeIs(1)) << "the pipeline's own are its plan's";
  // Of the start itself only that it failed is told: the rest is of the run.
  const auto rules = read_notify(task.notify).value();
  ASSERT_THAT(rules, SizeIs(1));
  EXPECT_THAT(rules[0].on, ElementsAre(State::failed));
  EXPECT_THAT(rules[0].spec, HasSubstr("c@d"));
  EXPECT_EQ(pipeline::read_start_spec(loaded.definitions.schedules.at("first").task.spec)->priority,
            9);
  const Time first = parse_time("2026-11-22T00:00:00Z").value();
  const TaskRequest one = task_for(schedule, first);
  EXPECT_EQ(one.dedup_key, "schedule/of_pipeline/2026-11-22T00:00:00Z");
  EXPECT_EQ(one.id, task_for(schedule, first).id) << "and so is the run";
}

TEST(DefinitionsNotifyTest, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_THAT(problems_in(R"({"tasks": {"t": {"kind": "noop",
      "notify": [{"mail": "a@b"}, {"mail": "nobody"}]}}})"),
              ElementsAre("a.yaml: /tasks/t/notify/1/mail/to/0: /to/0: nobody is no mail address"));
  EXPECT_THAT(problems_in(R"({"pipelines": {"p": {"notify": {"mail": "nobody"},
      "steps": {"s": {"task": {"kind": "noop", "notify": {"mail": ["nobody"]}}}}}}})"),
              ElementsAre("a.yaml: /pipelines/p/notify/mail/to/0: /to/0: nobody is no mail address",
                          "a.yaml: /pipelines/p/steps/s/task/notify/mail/to/0: /to/0: nobody is no "
                          "mail address"));
  EXPECT_THAT(
      problems_in(R"({"tasks": {"t": {"kind": "noop"}}, "schedules": {"s":
      {"cron": "@daily", "task": "t", "notify": {"mail": "nobody"}}}})"),
      ElementsAre("a.yaml: /schedules/s/notify/mail/to/0: /to/0: nobody is no mail address"));
  for (const char* bad : {R"({"on": "dead", "mail": "a@b"})", R"({"on": [], "mail": "a@b"})",
                          R"({"on": "failed"})", R"({"mail": {"subject": "x"}})", R"({"mail": 1})",
                          R"({"webhook": {"url": "https://x"}})", R"({"mail": "a@b", "x": 1})"}) {
    EXPECT_THAT(
        problems_in(std::string(R"({"tasks": {"t": {"kind": "noop", "notify": )") + bad + "}}}"),
        SizeIs(1))
        << bad;
  }
}

TEST(DefinitionsNotifyTest, AScheduleNamesAPipelineThatIsThereAndItsParams) {
  const std::string pipelines = R"("pipelines": {"release": {"params": {"required": ["day"]},
      "steps": {"s": {"task": {"kind": "noop"}}}}})";
  EXPECT_THAT(problems_in("{" + pipelines +
                          R"(, "schedules": {"s": {"cron": "@daily", "pipeline": "relaese"}}})"),
              ElementsAre("a.yaml: /schedules/s/pipeline: there is no pipeline \"relaese\"; did "
                          "you mean \"release\"?"));
  EXPECT_THAT(problems_in("{" + pipelines +
                          R"(, "schedules": {"s": {"cron": "@daily", "pipeline": "release"}}})"),
              ElementsAre("a.yaml: /schedules/s/params: params the field \"day\" is missing"));
  EXPECT_THAT(problems_in(R"({"schedules": {"s": {"cron": "@daily"}}})"), SizeIs(1));
  EXPECT_THAT(problems_in(R"({"tasks": {"t": {"kind": "noop"}}, )" + pipelines +
                          R"(, "schedules": {"s": {"cron": "@daily", "task": "t",
                          "pipeline": "release", "params": {"day": 1}}}})"),
              SizeIs(1));
}

}  // namespace
}  // namespace waybill
