// A file of definitions tells all that is wrong at once, also where fields are missing.

#include "core/definitions_prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/definitions_load.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> all_problems(const std::string& json) {
  std::vector<std::string> told;
  const Document document{.file = "a.yaml", .directory = "/srv", .json = json};
  for (const Problem& problem : load_definitions({{document}}).problems) {
    told.push_back(to_string(problem));
  }
  return told;
}

TEST(DefinitionsPruneTest, AnEntryThatMissesAFieldTellsTheRestTooAndNothingOfWhatIsMissing) {
  EXPECT_THAT(all_problems(R"({"tasks": {"a": {"timeout": "-1s", "params": {"type": "strin"}},
                                  "b": {"kind": "noop"}},
        "schedules": {"s": {"task": "gone", "zone": "Mars/Base"}, "t": {"task": "b"}}})"),
              testing::UnorderedElementsAre(
                  HasSubstr("/tasks/a"), HasSubstr("/tasks/a/timeout: has to be 0 or more"),
                  HasSubstr("/tasks/a/params/type: has to be null"),
                  HasSubstr("/schedules/s: the field \"cron\" is missing"),
                  HasSubstr("/schedules/s/task: there is no task definition \"gone\""),
                  HasSubstr("/schedules/s/zone"),
                  HasSubstr("/schedules/t: the field \"cron\" is missing")));
}

TEST(DefinitionsPruneTest, AStepWhoseTaskSaysNoProgramTellsTheRestOfIt) {
  EXPECT_THAT(all_problems(R"({"pipelines": {"p": {"steps": {
        "x": {"needs": "nobody", "task": {"timeout": "-1s"}}}}}})"),
              testing::UnorderedElementsAre(
                  HasSubstr("/pipelines/p/steps/x/task"),
                  HasSubstr("/pipelines/p/steps/x/task/timeout: has to be 0 or more"),
                  HasSubstr("/pipelines/p/steps/x/needs: there is no step \"nobody\"")));
}

TEST(DefinitionsPruneTest, ScansAndRulesThatMissFieldsTellTheRest) {
  EXPECT_THAT(all_problems(R"({"tasks": {"t": {"kind": "noop", "notify": {"on": "failed"},
                                       "who_may": {"github": {"permission": "write"}},
                                       "timeout": "-1s"}},
        "scans": {"s": {"planner": "batches", "task": "gone", "path": "x"}}})"),
              testing::UnorderedElementsAre(
                  HasSubstr("/tasks/t/notify"), HasSubstr("/tasks/t/who_may/github"),
                  HasSubstr("/tasks/t/timeout: has to be 0 or more"),
                  HasSubstr("the field \"sources\" is missing"),
                  HasSubstr("the field \"parts\" is missing"),
                  HasSubstr("/scans/s/task: there is no task definition")));
}

TEST(DefinitionsPruneTest, WhatNamesAnEntryThatMissesSomethingIsNoMistake) {
  EXPECT_THAT(all_problems(R"({"tasks": {"a": {}}, "pipelines": {"p": {}}, "schedules": {
        "s": {"cron": "@daily", "task": "a"}, "t": {"cron": "@daily", "pipeline": "p"}}})"),
              ElementsAre(HasSubstr("/tasks/a"), HasSubstr("/pipelines/p: the field \"steps\"")));
}

}  // namespace
}  // namespace waybill
