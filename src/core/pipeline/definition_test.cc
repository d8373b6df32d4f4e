#include "core/pipeline/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "base/json.h"
#include "core/definitions_load.h"
#include "core/pipeline/matrix.h"
#include "core/pipeline/wait.h"

namespace waybill::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A file with two tasks and these pipelines.
Document document(const std::string& pipelines) {
  return {.file = "a.yaml", .directory = "/srv/defs", .json = R"({"tasks": {
              "fetch": {"command": ["./fetch.sh"], "params": {"required": ["url"]}},
              "sum": {"kind": "noop"}},
            "pipelines": )" + pipelines + "}"};
}

std::vector<std::string> problems_of(const std::string& pipelines) {
  std::vector<std::string> found;
  for (const Problem& problem : load_definitions({{document(pipelines)}}).problems) {
    found.push_back(to_string(problem));
  }
  return found;
}

/// Of one pipeline `p` with these steps.
std::vector<std::string> problems_of_steps(const std::string& steps) {
  return problems_of(R"({"p": {"params": {"properties": {"day": {}}}, "steps": )" + steps + "}}");
}

constexpr const char* kWhole = R"({
  "release": {
    "params": {"required": ["day"], "properties": {"day": {"type": "string"}}},
    "timeout": "6h", "concurrency": 1, "queue": "slow", "priority": 3, "labels": {"team": "x"},
    "who_may": {"role": "operator"},
    "outputs": {"total": "${{ steps.sum.outputs.total }}"},
    "steps": {
      "list": {"task": {"command": ["./list.sh"], "timeout": "1m"},
               "outputs": {"urls": "${{ result.urls }}"}},
      "fetch": {"needs": "list", "task": "fetch", "for_each": "steps.list.outputs.urls",
                "with": {"url": "${{ item }}"}, "max_parallel": 4, "fail_fast": false,
                "timeout": "2m",
                "retry": {"failures": 2}, "queue": "net", "priority": -1},
      "ok": {"needs": ["fetch"], "wait": {"approval": {"who_may": {"people": ["github:ann"]}}},
             "timeout": "1d"},
      "sum": {"needs": ["ok"], "if": "params.day != ''", "task": "sum",
              "matrix": {"os": ["a", "b"], "exclude": [{"os": "b"}]},
              "with": {"files": "${{ steps.fetch.outputs.*.file }}", "os": "${{ matrix.os }}"}},
      "tidy": {"needs": ["sum"], "if": "${{ always() }}", "pipeline": "clean"}}},
  "clean": {"steps": {"pause": {"wait": {"for": "10s"}}}}})";

TEST(PipelineDefinition, ReadsEverything) {
  const DefinitionsLoad load = load_definitions({{document(kWhole)}});
  ASSERT_TRUE(load.problems.empty()) << to_string(load.problems[0]);
  const PipelineDefinition& release = load.definitions.pipelines.at("release");
  EXPECT_EQ(release.run_time_max, std::chrono::hours(6));
  EXPECT_EQ(release.concurrency, 1U);
  EXPECT_EQ(release.queue, "slow");
  EXPECT_EQ(release.priority, 3);
  EXPECT_EQ(release.labels, (Labels{{"team", "x"}}));
  EXPECT_EQ(release.who_may->role, Role::operator_);
  EXPECT_EQ(release.outputs, R"({"total":"${{ steps.sum.outputs.total }}"})");
  ASSERT_EQ(release.steps.size(), 5U);
  EXPECT_EQ(release.steps[0].inline_task->spec, R"({"command":["/srv/defs/list.sh"]})");
  EXPECT_EQ(release.steps[0].inline_task->run_time_max, std::chrono::minutes(1));
  const StepDefinition& fetch = release.steps[1];
  EXPECT_THAT(fetch.needs, ElementsAre("list"));
  EXPECT_EQ(fetch.for_each, R"("steps.list.outputs.urls")");
  EXPECT_EQ(fetch.max_parallel, 4U);
  EXPECT_FALSE(fetch.fail_fast);
  EXPECT_EQ(fetch.timeout, std::chrono::minutes(2));
  EXPECT_EQ(fetch.retry->failures_max, 2U);
  EXPECT_EQ(fetch.queue, "net");
  EXPECT_EQ(fetch.priority, -1);
  EXPECT_EQ(release.steps[2].kind, StepKind::wait);
  EXPECT_EQ(release.steps[3].condition, "params.day != ''");
  EXPECT_EQ(release.steps[4].pipeline, "clean");
}

TEST(PipelineDefinition, IsRefusedByItsSchemaWithAHint) {
  EXPECT_THAT(problems_of_steps(R"({"a": {"task": "sum", "for-each": []}})"),
              ElementsAre(HasSubstr("unknown field \"for-each\"; did you mean \"for_each\"?")));
  EXPECT_THAT(problems_of(R"({"p": {"steps": {}}})"), ElementsAre(HasSubstr("/pipelines/p/steps")));
  EXPECT_THAT(problems_of_steps(R"({"a": {"task": {"command": []}}})"),
              ElementsAre(HasSubstr("/pipelines/p/steps/a/task/command")));
}

TEST(PipelineDefinition, StepsAreOneThing) {
  EXPECT_THAT(problems_of_steps(R"({"a": {"task": "sum", "wait": {"for": "1s"}}, "b": {}})"),
              ElementsAre("a.yaml: /pipelines/p/steps/a: has to have exactly one of task, "
                          "pipeline and wait",
                          "a.yaml: /pipelines/p/steps/b: has to have exactly one of task, "
                          "pipeline and wait"));
  EXPECT_THAT(problems_of_steps(R"({"a": {"wait": {"for": "1s"}, "queue": "x", "with": {"a": 1},
                                          "max_parallel": 2, "fail_fast": false}})"),
              ElementsAre(HasSubstr("/max_parallel: is for"), HasSubstr("/fail_fast: is for"),
                          HasSubstr("/queue: is for"), HasSubstr("/with: is for")));
  EXPECT_THAT(problems_of_steps(R"({"a": {"task": "sum", "matrix": {"x": [1]}, "for_each": [1]}})"),
              ElementsAre(HasSubstr("not both")));
}

TEST(PipelineDefinition, NeedsAreSteps) {
  EXPECT_THAT(
      problems_of_steps(R"({"build": {"task": "sum"}, "b": {"task": "sum", "needs": "biuld"},
                                    "c": {"task": "sum", "needs": ["c", "build", "build"]}})"),
      ElementsAre("a.yaml: /pipelines/p/steps/b/needs: there is no step \"biuld\"; did you "
                  "mean \"build\"?",
                  "a.yaml: /pipelines/p/steps/c/needs: a step can't need itself",
                  "a.yaml: /pipelines/p/steps/c/needs: \"build\" is named twice"));
}

TEST(PipelineDefinition, NeedsGoInNoCircle) {
  EXPECT_THAT(problems_of_steps(R"({"first": {"task": "sum", "needs": "c"},
                                    "a": {"task": "sum", "needs": "b"},
                                    "b": {"task": "sum", "needs": "c"},
                                    "c": {"task": "sum", "needs": "a"}})"),
              ElementsAre(HasSubstr("these steps wait for each other: c needs a needs b needs c")));
}

TEST(PipelineDefinition, ExpressionsReadOnlyWhatIsThere) {
  EXPECT_THAT(
      problems_of_steps(R"({
        "one": {"task": "sum", "outputs": {"x": "${{ result.x }}"}},
        "two": {"task": "sum", "needs": "one"},
        "three": {"task": "sum", "needs": "two", "if": "steps.one.outputs.y && param.day",
                  "with": {"a": ["${{ params.dya }}", "${{ steps.thre.result }}",
                                 "${{ steps.four.result }}", "${{ steps.two.outptus }}",
                                 "${{ toJSON(steps) }}", "${{ matrix.os }}", "${{ run.name }}",
                                 "${{ success() }}", "${{ x + }}"]}},
        "four": {"task": "sum", "matrix": {"os": ["a"]}, "with": {"x": "${{ matrix.so }}"}}})"),
      ElementsAre(
          HasSubstr(
              "three/if: in \"steps.one.outputs.y && param.day\", column 1: there is no output "
              "of one \"y\""),
          HasSubstr("column 24: there is no \"param\" here, only params, steps, run; did you mean "
                    "\"params\"?"),
          HasSubstr("/with/a/8: in \"${{ x + }}\", column 7"),
          HasSubstr("four/with/x: in \"${{ matrix.so }}\", column 5: there is no matrix value")));
  EXPECT_THAT(
      problems_of_steps(R"({
        "three": {"task": "sum",
                  "with": {"a": ["${{ params.dya }}", "${{ steps.thre.result }}",
                                 "${{ steps.four.result }}", "${{ toJSON(steps) }}",
                                 "${{ matrix.os }}", "${{ run.name }}", "${{ success() }}"]}},
        "four": {"task": "sum", "needs": "three", "with": {"x": "${{ steps.three.outptus }}"}}})"),
      ElementsAre(HasSubstr("there is no param \"dya\"; did you mean \"day\"?"),
                  HasSubstr("there is no step \"thre\"; did you mean \"three\"?"),
                  HasSubstr("\"four\" need not have ended by then: add it to needs"),
                  HasSubstr("write out which step is meant"),
                  HasSubstr("there is no \"matrix\" here"),
                  HasSubstr("there is no member of run \"name\""),
                  HasSubstr("can be asked in an if only"), HasSubstr("did you mean \"outputs\"?")));
}

TEST(PipelineDefinition, ConditionsAndListsAreOneExpression) {
  EXPECT_THAT(problems_of_steps(R"x({"a": {"task": "sum", "if": "${{ params.day }} == 'x'"},
      "b": {"task": "sum", "for_each": "x ${{ params.day }}"},
      "c": {"task": "sum", "matrix": "${{ params.day }}${{ params.day }}"},
      "d": {"task": "sum", "if": "${{ params.day }}\n", "for_each": "${{ params.day }}\n"}})x"),
              ElementsAre(HasSubstr("/a/if: in \"${{ params.day }} == 'x'\", column 19: this has"),
                          HasSubstr("/b/for_each: in"), HasSubstr("/c/matrix: in")));
}

TEST(PipelineDefinition, ProblemsHaveTheirPlaceInTheFile) {
  Document file = document(R"x({"p": {"steps": {"a": {"task": "sum", "if": "nope()"
}
}
}
})x");
  ;
  file.values["/pipelines/p/steps/a/if"] = {.line = 7, .column = 11};
  const auto problems = load_definitions({{file}}).problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(to_string(problems[0]),
            "a.yaml:7:11: in \"nope()\", column 1: there is no function \"nope\"");
}

TEST(PipelineDefinition, TasksAndPipelinesAreThere) {
  EXPECT_THAT(problems_of_steps(R"({"a": {"task": "sun"}, "b": {"pipeline": "q"},
                                    "c": {"task": "fetch"},
                                    "d": {"task": "fetch", "with": {"url": "${{ params.day }}"}},
                                    "e": {"task": {"kind": "noop", "spec": {"a": "${{ 1 }}"}}}})"),
              ElementsAre(HasSubstr("e/task: holds an expression"),
                          HasSubstr("a/task: there is no task definition \"sun\"; did you mean "
                                    "\"sum\"?"),
                          HasSubstr("b/pipeline: there is no pipeline \"q\""),
                          HasSubstr("steps/c: params the field \"url\" is missing")));
}

TEST(PipelineDefinition, PipelinesLeadNotIntoThemselves) {
  EXPECT_THAT(problems_of(R"({"p": {"steps": {"a": {"pipeline": "q"}}},
                              "q": {"steps": {"b": {"pipeline": "r"}}},
                              "r": {"steps": {"c": {"pipeline": "q"}, "d": {"task": "sum"}}}})"),
              ElementsAre(HasSubstr("q/steps/b/pipeline: leads back into this pipeline: q runs r "
                                    "runs q"),
                          HasSubstr("r/steps/c/pipeline: leads back")));
}

std::string chain(int length) {
  std::string text = "{";
  for (int i = 0; i < length; ++i) {
    const std::string next = "\"pipeline\": \"p" + std::to_string(i + 1) + "\"";
    text += "\"p" + std::to_string(i) + "\": {\"steps\": {\"s\": {" +
            (i + 1 < length ? next : "\"task\": \"sum\"") + "}}}" + (i + 1 < length ? "," : "");
  }
  return text + "}";
}

TEST(PipelineDefinition, NestingIsBounded) {
  EXPECT_THAT(problems_of(chain(8)), IsEmpty());
  EXPECT_THAT(problems_of(chain(9)),
              ElementsAre(HasSubstr("p0/steps/s/pipeline: pipelines in pipelines go at most 8")));
}

TEST(PipelineDefinition, RunsAreBounded) {
  const auto nested = [](const std::string& width) {
    return R"({"p": {"steps": {"a": {"pipeline": "q", "matrix": {"x": [1,2,3,4,5,6,7,8,9,10],
               "y": [1,2,3,4,5,6,7,8,9,10]}}}},
               "q": {"steps": {"b": {"task": "sum", "for_each": )" +
           width + "}}}}";
  };
  std::string list = "[0";
  for (int i = 1; i < 99; ++i) list += ",0";
  EXPECT_THAT(problems_of(nested(list + "]")), IsEmpty());
  EXPECT_THAT(problems_of(nested(list + ",0]")), ElementsAre(HasSubstr("at least 10100")));
}

std::string combinations(std::string_view matrix) {
  const auto expanded = expand_matrix(json::parse(matrix).value());
  return expanded ? json::serialize(*expanded) : expanded.error().message;
}

TEST(Matrix, IsTheProductOfItsLists) {
  EXPECT_EQ(combinations(R"({"a": [1, 2], "b": ["x", "y"]})"),
            R"([{"a":1,"b":"x"},{"a":1,"b":"y"},{"a":2,"b":"x"},{"a":2,"b":"y"}])");
  EXPECT_EQ(
      combinations(R"({"a": [1, 2, 3], "b": ["x"], "exclude": [{"a": 1}, {"a": 2, "b": "y"}]})"),
      R"([{"a":2,"b":"x"},{"a":3,"b":"x"}])");
}

TEST(Matrix, IncludesAsGitHubDoes) {
  // The example of GitHub's documentation.
  EXPECT_EQ(combinations(R"({"fruit": ["apple", "pear"], "animal": ["cat", "dog"], "include": [
                {"color": "green"}, {"color": "pink", "animal": "cat"},
                {"fruit": "apple", "shape": "circle"}, {"fruit": "banana"},
                {"fruit": "banana", "animal": "cat"}]})"),
            R"([{"fruit":"apple","animal":"cat","color":"pink","shape":"circle"},)"
            R"({"fruit":"apple","animal":"dog","color":"green","shape":"circle"},)"
            R"({"fruit":"pear","animal":"cat","color":"pink"},)"
            R"({"fruit":"pear","animal":"dog","color":"green"},)"
            R"({"fruit":"banana"},{"fruit":"banana","animal":"cat"}])");
  EXPECT_EQ(combinations(R"({"include": [{"a": 1}, {"a": 2}]})"), R"([{"a":1},{"a":2}])");
}

TEST(Matrix, IsBounded) {
  std::string list = "[0";
  for (int i = 1; i < 32; ++i) list += "," + std::to_string(i);
  list += "]";
  EXPECT_THAT(combinations(R"({"a": )" + list + R"(, "b": )" + list + "}"),
              HasSubstr("more than 1000 combinations"));
  std::string entries = R"([{"a":-1})";
  for (int i = 1; i < 500; ++i) entries += R"(,{"a":-1})";
  EXPECT_THAT(
      combinations(R"({"a": )" + list + R"(, "b": [1,2,3,4,5,6,7], "exclude": )" + entries + "]}"),
      HasSubstr("more entries of exclude and include"));
  EXPECT_THAT(combinations(R"({"a": [1], "exclude": [{"a": 1}]})"), HasSubstr("no combinations"));
  EXPECT_THAT(combinations(R"({"a": []})"), HasSubstr("at least one value"));
  EXPECT_THAT(combinations(R"({"a": [1], "include": [3]})"), HasSubstr("a list of maps"));
}

TEST(PipelineDefinition, ManyMistakesAreFoundInTime) {
  const auto begun = std::chrono::steady_clock::now();
  std::string steps = "{";
  for (int i = 0; i < 5'000; ++i) {
    const std::string number = std::to_string(i);
    steps += (i == 0 ? "\"a-rather-long-name-" : ",\"a-rather-long-name-") + number +
             R"(": {"task": "sum", "needs": "another-rather-long-name-)" + number + "\"}";
  }
  const auto problems = problems_of_steps(steps + "}");
  EXPECT_EQ(problems.size(), 5'000U);
  EXPECT_THAT(problems[0], HasSubstr("did you mean"));
  EXPECT_THAT(problems[4'999], ::testing::Not(HasSubstr("did you mean")));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  EXPECT_LT(took.count(), 60) << "quadratic?";
}

TEST(Matrix, IsHeldAgainstItsEntriesInTime) {
  const auto begun = std::chrono::steady_clock::now();
  const std::string big = "[\"" + std::string(1'000'000, 'x') + "\"]";
  std::string matrix = R"({"big": [)" + big + "], \"n\": [0,1,2,3], \"exclude\": [{\"n\": 0}";
  for (int i = 0; i < 3; ++i)
    matrix += R"(, {"big": )" + big + R"(, "n": )" + std::to_string(i) + "}";
  for (int i = 0; i < 900; ++i) matrix += R"(, {"big": ["y"], "n": 3})";
  EXPECT_EQ(matrix_width(json::parse(matrix + "]}").value()), 1U);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  EXPECT_LT(took.count(), 60) << "each comparison writes both out?";
}

TEST(Matrix, IsBoundedInBytes) {
  const std::string big = "\"" + std::string(1'000'000, 'x') + "\"";
  const auto error_of = [](const std::string& matrix) {
    const auto all = expand_matrix(json::parse(matrix).value());
    return all ? "none" : all.error().message;
  };
  const std::string numbers = "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]";
  EXPECT_THAT(error_of(R"({"big":[)" + big + R"(],"n":)" + numbers + "}"), HasSubstr("bytes"));
  EXPECT_THAT(error_of(R"({"n":)" + numbers + R"(,"include":[{"big":)" + big + "}]}"),
              HasSubstr("bytes"));
  EXPECT_EQ(error_of(R"({"big":[)" + big + R"(],"n":[1,2,3]})"), "none");
  EXPECT_EQ(matrix_width(json::parse(R"({"a":[1,2],"b":[3,4],"exclude":[{"a":1,"b":4}]})").value()),
            3U);
}

TEST(PipelineWait, IsCheckedWithItsExpressionsLeftOpen) {
  EXPECT_THAT(check_wait(R"({"for": "10m"})"), IsEmpty());
  EXPECT_THAT(check_wait(R"({"for": "${{ params.pause }}"})"), IsEmpty());
  EXPECT_THAT(check_wait(R"({"until": "params.start"})"), IsEmpty());
  EXPECT_THAT(check_wait(R"({"http": {"url": "${{ params.url }}", "status": [200, 204]}})"),
              IsEmpty());
  EXPECT_EQ(check_wait(R"({"for": "ten"})")[0].pointer, "/for");
  EXPECT_EQ(check_wait(R"({"for": "-1s"})")[0].pointer, "/for");
  EXPECT_EQ(check_wait(R"({"http": {"url": "ftp://x"}})")[0].pointer, "/http/url");
  EXPECT_EQ(check_wait(R"({"http": {"url": "https://x", "status": 20}})")[0].pointer,
            "/http/status");
  EXPECT_EQ(check_wait(R"({"http": {"url": "https://x", "every": "1ms"}})")[0].pointer,
            "/http/every");
}

TEST(PipelineWait, WhoMayApproveIsCheckedAndNotForTheStarterToSay) {
  const auto problems = [](const std::string& rule) {
    return problems_of_steps(R"({"ok": {"wait": {"approval": {"who_may": )" + rule + "}}}}");
  };
  EXPECT_THAT(problems(R"({"people": ["github:ann"], "github": {"repository": "a/b"}})"),
              IsEmpty());
  EXPECT_THAT(problems(R"({"github": {"repository": "${params.repository}"}})"), IsEmpty());
  EXPECT_THAT(problems(R"({"github": {"repository": "nonsense"}})"),
              ElementsAre(HasSubstr("/ok/wait/approval/who_may/github/repository: has to be")));
  EXPECT_THAT(problems(R"({"people": ["${{ params.day }}"]})"),
              ElementsAre(HasSubstr("/ok/wait/approval/who_may: can't hold expressions")));
}

TEST(PipelineWait, ForATimeHasNoTimeout) {
  EXPECT_THAT(
      problems_of_steps(R"({"a": {"wait": {"until": "2100-01-01T00:00:00Z"}, "timeout": "1h"},
      "b": {"wait": {"for": "1h"}, "timeout": "2h"},
      "c": {"wait": {"approval": {}}, "timeout": "2h"}})"),
      ElementsAre(HasSubstr("/a/timeout: is for waits"), HasSubstr("/b/timeout: is for")));
}

TEST(PipelineDefinition, LabelsHoldNoExpressions) {
  EXPECT_THAT(problems_of(R"({"p": {"labels": {"day": "${{ params.day }}", "x": "y"}, "steps": {
      "a": {"task": {"kind": "noop", "labels": {"b/c": "x ${{ params.day }}"}}}}}})"),
              ElementsAre(HasSubstr("/p/labels/day: holds an expression"),
                          HasSubstr("/p/steps/a/task/labels/b~1c: holds an expression")));
}

TEST(PipelineWait, ForAnAnswerNamesAStatus) {
  EXPECT_THAT(
      problems_of_steps(R"({"a": {"wait": {"http": {"url": "https://x/", "status": []}}}})"),
      ElementsAre(HasSubstr("/a/wait/http/status: has to name at least one")));
}

TEST(PipelineWait, IsReadWhenItBegins) {
  const Time now = parse_time("2026-01-01T00:00:00Z").value();
  EXPECT_EQ(read_wait(json::parse(R"({"for": "10m"})").value(), now)->until,
            now + std::chrono::minutes(10));
  EXPECT_EQ(read_wait(json::parse(R"({"until": "2026-01-02"})").value(), now)->until,
            now + std::chrono::hours(24));
  EXPECT_FALSE(read_wait(json::parse(R"({"until": null})").value(), now));
  const auto http = read_wait(json::parse(R"({"http": {"url": "https://x", "status": [200, 204],
                                              "timeout": "1h"}})")
                                  .value(),
                              now);
  EXPECT_THAT(http->statuses, ElementsAre(200, 204));
  EXPECT_EQ(http->every, std::chrono::seconds(10));
  EXPECT_EQ(http->timeout, std::chrono::hours(1));
  EXPECT_EQ(read_wait(json::parse(R"({"approval": {"who_may": {"role": "admin"}}})").value(), now)
                ->who_may,
            R"({"role":"admin"})");
}

}  // namespace
}  // namespace waybill::pipeline
