#include "core/definitions_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include <string>
#include <vector>

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Is = DefinitionDifference::Is;

Document document(std::string json, std::string file = "a.yaml") {
  return {.file = std::move(file), .directory = "/d", .json = std::move(json)};
}

std::vector<DefinitionDifference> difference(std::string before, std::string now) {
  return definitions_difference({{document(std::move(before))}},
                                {{document(std::move(now), "b.yaml")}});
}

DefinitionsCheck check_of(std::string before, std::string now) {
  return {.problems = {},
          .against = "main",
          .differences = difference(std::move(before), std::move(now))};
}

TEST(DefinitionsDifferenceTest, TellsWhatIsNewGoneAndOther) {
  const auto all = difference(
      R"({"tasks": {"gone": {"kind": "noop"}, "same": {"kind": "noop"},
                    "other": {"command": ["a"], "limits": {"cpu": "1s", "memory": "1MiB"}}}})",
      R"({"tasks": {"same": {"kind": "noop"}, "new": {"shell": "x"},
                    "other": {"command": ["a", "b"], "limits": {"memory": "1MiB"}}}})");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].is, Is::removed);
  EXPECT_EQ(all[0].name, "gone");
  EXPECT_EQ(all[0].file, "a.yaml");
  EXPECT_EQ(all[1].is, Is::added);
  EXPECT_THAT(all[1].fields, ElementsAre(FieldDifference{"shell", "", "\"x\""}));
  EXPECT_EQ(all[2].is, Is::changed);
  EXPECT_THAT(all[2].fields, ElementsAre(FieldDifference{"command", R"(["a"])", R"(["a","b"])"},
                                         FieldDifference{"limits.cpu", "\"1s\"", ""}));
}

TEST(DefinitionsDifferenceTest, WhichFileADefinitionStandsInMakesNoDifference) {
  const std::string text = R"({"queues": {"q": {"concurrency": 2}}})";
  EXPECT_THAT(difference(text, text), IsEmpty());
}

TEST(DefinitionsDifferenceTest, KnowsWhatIsAPermission) {
  for (const char* field :
       {"secrets.TOKEN", "who_may.role", "command", "limits.memory", "steps.a.task.secrets.X",
        "who_may", "spec.image", "spec.network", "steps.a.task.spec.repository", "notify",
        "notify.webhook.url", "steps.a.task.notify.mail", "steps.a.wait.http.url", "queue",
        "steps.a.queue", "spec.url", "spec.to"}) {
    EXPECT_TRUE(is_permission("pipelines", {.field = field})) << field;
  }
  for (const char* field : {"priority", "description", "steps.a.wait.for", "steps.queue2.needs"}) {
    EXPECT_FALSE(is_permission("tasks", {.field = field})) << field;
  }
  for (const char* field :
       {"params.properties.command", "labels.x", "labels.image", "labels.queue"}) {
    EXPECT_FALSE(is_permission("tasks", {.field = field, .is_own = true})) << field;
  }
}

// No name of a step hides what it asks for, and params may have any name.
TEST(DefinitionsDifferenceTest, OnlyParamsAndLabelsThemselvesAreTheAuthorsOwn) {
  const auto all = difference("{}", R"({
    "tasks": {"t": {"command": ["a"], "params": {"properties": {"secrets": {"type": "string"}}},
                    "labels": {"queue": "x"}}},
    "pipelines": {"p": {"params": {"properties": {"shell": {"type": "string"}}}, "steps": {
      "labels": {"task": {"command": ["b"], "labels": {"shell": "x"}}},
      "x.params.y": {"task": {"secrets": {"TOKEN": "t"}}},
      "params": {"task": {"environment": {"labels": "x"}}}}}}})");
  std::set<std::string> asked;
  for (const DefinitionDifference& each : all) {
    for (const FieldDifference& field : each.fields) {
      if (is_permission(each.map, field)) asked.insert(each.name + " " + field.field);
    }
  }
  EXPECT_THAT(asked,
              ElementsAre("p steps.labels.task.command", "p steps.params.task.environment.labels",
                          "p steps.x.params.y.task.secrets.TOKEN", "t command"));
}

TEST(DefinitionsDifferenceTest, AllOfWhatWorksByItselfIsAPermission) {
  for (const char* map : {"schedules", "queues", "scans", "imports"}) {
    for (const char* field : {"cron", "params.day", "concurrency", "sources.a", "pipeline"}) {
      EXPECT_TRUE(is_permission(map, {.field = field})) << map << " " << field;
    }
    EXPECT_FALSE(is_permission(map, {.field = "description"}));
  }
  const std::string text = check_to_markdown(check_of("{}", R"({
    "schedules": {"s": {"cron": "@daily", "task": "t"}},
    "imports": {"i": {"queue": "mine"}},
    "queues": {"q": {"concurrency": 9}}})"));
  for (const char* line :
       {"- schedule `s`\n  - `cron`: `\"@daily\"`", "- queue `q`\n  - `concurrency`: `9`",
        "- import `i`\n  - `queue`: `\"mine\"`"}) {
    EXPECT_THAT(text.substr(0, text.find("### Against")), HasSubstr(line));
  }
}

TEST(DefinitionsDifferenceTest, MarkdownPutsWhatIsAskedForFirst) {
  const std::string text = check_to_markdown(
      check_of(R"({"tasks": {"t": {"kind": "noop"}}})",
               R"({"tasks": {"t": {"kind": "noop", "priority": 5, "secrets": {"A": "key"}}}})"));
  EXPECT_EQ(text,
            "The definitions are right.\n\n"
            "### What it asks for\n\n- task `t`\n  - `secrets.A`: `\"key\"`\n\n"
            "### Against `main`\n\n1 changed\n\n- **changed** task `t` (`b.yaml`)\n"
            "  - `priority`: `5`\n  - `secrets.A`: `\"key\"`\n");
}

TEST(DefinitionsDifferenceTest, NothingThatAuthorsWriteLeavesItsCodeSpan) {
  const std::string text = check_to_markdown(
      check_of("{}", R"({"tasks": {"t": {"shell": "x` ``` <img src=y> [a](b)\n# title"}}})"));
  EXPECT_THAT(text, HasSubstr("```` \"x` ``` <img src=y> [a](b)\\n# title\" ````"));
  EXPECT_THAT(text, Not(HasSubstr("\n# title")));
}

TEST(DefinitionsDifferenceTest, NothingTurnsTheOrderOfALineAround) {
  const std::string text =
      check_to_markdown(check_of("{}",
                                 "{\"tasks\": {\"t\": {\"shell\": "
                                 "\"rm \xe2\x80\xae x \xe2\x81\xa6 y \xe2\x80\x94 \xc3\xa9\"}}}"));
  EXPECT_THAT(text, HasSubstr("rm \\u202e x \\u2066 y \xe2\x80\x94 \xc3\xa9"));
}

TEST(DefinitionsDifferenceTest, MarkdownIsNeverTooLongForAComment) {
  std::string many;
  for (int i = 0; i < 3000; ++i) {
    many += (many.empty() ? "" : ",") + ("\"t" + std::to_string(i)) + R"(": {"shell": "echo"})";
  }
  const std::string text = check_to_markdown(check_of("{}", "{\"tasks\": {" + many + "}}"));
  EXPECT_LT(text.size(), 65'000U);
  EXPECT_THAT(text, HasSubstr("There is more than fits here"));
}

TEST(DefinitionsDifferenceTest, AnnotationsCannotBeForged) {
  DefinitionsCheck check;
  check.problems = {{.file = "a,b:c.yaml", .at = {3, 4}, .message = "x\n::error::y 100%"}};
  EXPECT_EQ(check_to_annotations(check),
            "::error file=a%2Cb%3Ac.yaml,line=3,col=4::x%0A::error::y 100%25\n");
}

}  // namespace
}  // namespace waybill
