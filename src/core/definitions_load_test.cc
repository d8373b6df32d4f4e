#include "core/definitions_load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "core/pipeline/fingerprint.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// A document without places: problems then carry pointers.
Document document(std::string file, std::string json) {
  return {.file = std::move(file), .directory = "/srv/defs", .json = std::move(json)};
}

std::vector<std::string> problems_of(const std::vector<Document>& documents) {
  std::vector<std::string> result;
  for (const Problem& problem : load_definitions(documents).problems) {
    result.push_back(to_string(problem));
  }
  return result;
}

std::vector<std::string> problems_of(std::string json) {
  return problems_of({document("a.yaml", std::move(json))});
}

using Problems = std::vector<std::string>;

constexpr const char* kWhole = R"({
  "tasks": {
    "verify": {"command": ["./verify.sh", "-v"], "queue": "intake", "timeout": "10m", "priority": 5,
               "retry": {"failures": 3, "backoff": "2s"}, "limits": {"memory": "256MiB"},
               "exit_codes": {"65": "permanent"}, "labels": {"team": "x"},
               "params": {"required": ["batch"]}},
    "sum": {"kind": "noop", "spec": {"a": 1}}},
  "scans": {
    "drop": {"planner": "prio", "ingestion": "drop/in", "own": "file:///abs/own",
             "peer": "s3://peer/x", "side": "first", "intake_task": "verify",
             "aggregate_task": "sum", "every": "10s", "intake_max_age": "6h",
             "split_aggregations": true}},
  "schedules": {
    "nightly": {"cron": "0 3 * * *", "zone": "Europe/Berlin", "catch_up": "all", "task": "verify",
                "params": {"batch": 7}, "priority": 9}},
  "queues": {"intake": {"concurrency": 2, "retention": {"succeeded": "1d"}}}})";

TEST(DefinitionsLoadTest, ReadsImports) {
  const DefinitionsLoad load = load_definitions({{document("a.yaml", R"({
    "tasks": {"sum": {"kind": "noop"}},
    "imports": {
      "plain": {"queue": "tasks", "durable": false, "types": {"ipfs.add": "sum"}},
      "bound": {"queue": "mine", "exchange": "shop", "task": "sum"}}})")}});
  ASSERT_TRUE(load.problems.empty()) << to_string(load.problems[0]);
  EXPECT_EQ(load.definitions.imports.at("plain"), (ImportDefinition{.name = "plain",
                                                                    .queue = "tasks",
                                                                    .exchange = "",
                                                                    .routing_key = "tasks",
                                                                    .durable = false,
                                                                    .types = {{"ipfs.add", "sum"}},
                                                                    .task = ""}));
  const ImportDefinition& bound = load.definitions.imports.at("bound");
  EXPECT_EQ(bound.exchange, "shop");
  EXPECT_EQ(bound.routing_key, "mine");
  EXPECT_TRUE(bound.durable);
  EXPECT_EQ(bound.task, "sum");
}

TEST(DefinitionsLoadTest, ImportsNameTaskDefinitionsAndAQueue) {
  const Problems problems = problems_of(R"({
    "tasks": {"sum": {"kind": "noop"}},
    "imports": {
      "a": {"queue": "q", "task": "sun"},
      "b": {"queue": "q", "types": {"x": "gone"}},
      "c": {"queue": "q", "routing_key": "k"},
      "d": {"exchange": "e"}}})");
  ASSERT_EQ(problems.size(), 4U);
  const auto tells = [&](const std::string& pointer, const std::string& what) {
    return std::any_of(problems.begin(), problems.end(), [&](const std::string& problem) {
      return problem.find(pointer) != problem.npos && problem.find(what) != problem.npos;
    });
  };
  EXPECT_TRUE(tells("/imports/a/task", "did you mean \"sum\"")) << problems[0];
  EXPECT_TRUE(tells("/imports/b/types/x", "there is no task definition \"gone\"")) << problems[1];
  EXPECT_TRUE(tells("/imports/c/routing_key", "goes with an exchange")) << problems[2];
  EXPECT_TRUE(tells("/imports/d", "queue")) << problems[3];
}

TEST(DefinitionsLoadTest, ReadsEverything) {
  const DefinitionsLoad load = load_definitions({{document("a.yaml", kWhole)}});
  ASSERT_TRUE(load.problems.empty()) << to_string(load.problems[0]);
  const TaskDefinition& verify = load.definitions.tasks.at("verify");
  EXPECT_EQ(verify.kind, "command");
  EXPECT_EQ(verify.queue, "intake");
  EXPECT_EQ(verify.priority, 5);
  EXPECT_EQ(verify.run_time_max, std::chrono::minutes(10));
  EXPECT_EQ(verify.retry.failures_max, 3U);
  EXPECT_EQ(verify.retry.backoff_first, std::chrono::seconds(2));
  EXPECT_EQ(verify.retry.backoff_max, RetryPolicy{}.backoff_max);
  EXPECT_EQ(verify.labels, (Labels{{"team", "x"}}));
  EXPECT_EQ(verify.params_schema, R"({"required":["batch"]})");
  EXPECT_EQ(verify.spec, R"({"command":["/srv/defs/verify.sh","-v"],"limits":{"memory":"256MiB"},)"
                         R"("exit_codes":{"65":"permanent"}})");
  EXPECT_EQ(load.definitions.tasks.at("sum").spec, R"({"a":1})");
  const auto& scan = std::get<PrioScan>(load.definitions.scans.at("drop").planner);
  EXPECT_EQ(load.definitions.scans.at("drop").every, std::chrono::seconds(10));
  EXPECT_EQ(scan.ingestion_url, "file:///srv/defs/drop/in");
  EXPECT_EQ(scan.own_url, "file:///abs/own");
  EXPECT_EQ(scan.peer_url, "s3://peer/x");
  EXPECT_EQ(scan.side, PrioSide::first);
  EXPECT_EQ(scan.intake_max_age, std::chrono::hours(6));
  EXPECT_EQ(scan.grace_period, PrioScan{}.grace_period);
  EXPECT_EQ(scan.oversized, OversizedAggregation::split);
  const Schedule& schedule = load.definitions.schedules.at("nightly");
  EXPECT_EQ(schedule.catch_up, CatchUp::all);
  EXPECT_EQ(schedule.source, "a.yaml");
  EXPECT_EQ(schedule.task.definition, "verify");
  EXPECT_EQ(schedule.task.params, R"({"batch":7})");
  EXPECT_EQ(schedule.task.priority, 9);
  const QueueSettings& queue = load.definitions.queues.at("intake");
  EXPECT_EQ(queue.concurrency_max, 2U);
  EXPECT_EQ(queue.retention.succeeded, std::chrono::hours(24));
  EXPECT_EQ(queue.retention.failed, Retention{}.failed);
}

TEST(DefinitionsLoadTest, ReadsAScanOfBatches) {
  const DefinitionsLoad load = load_definitions({{document("a.yaml", R"({
    "tasks": {"t": {"kind": "noop"}},
    "scans": {"s": {"planner": "batches", "sources": {"a": "in/a", "b": "in/b"},
      "path": "{source}/{yyyy}/{MM}/{dd}/{batch}.{part}", "parts": ["head", "body"],
      "markers": "marks", "quiet_time": "1m", "window": "2d", "task": "t"}}})")}});
  ASSERT_TRUE(load.problems.empty()) << to_string(load.problems[0]);
  const auto& scan = std::get<BatchScan>(load.definitions.scans.at("s").planner);
  EXPECT_EQ(scan.sources, (std::map<std::string, std::string>{{"a", "file:///srv/defs/in/a"},
                                                              {"b", "file:///srv/defs/in/b"}}));
  EXPECT_EQ(scan.parts, (std::vector<std::string>{"head", "body"}));
  EXPECT_EQ(scan.marker_url, "file:///srv/defs/marks");
  EXPECT_EQ(scan.quiet_time, std::chrono::minutes(1));
  EXPECT_EQ(scan.window, std::chrono::hours(48));
}

TEST(DefinitionsLoadTest, DefinitionsMayBeSpreadOverFiles) {
  const DefinitionsLoad load = load_definitions(
      {{document("a.yaml", R"({"schedules": {"s": {"cron": "@daily", "task": "t"}}})"),
        document("b.yaml", R"({"tasks": {"t": {"kind": "noop"}}})"), document("c.yaml", "null")}});
  EXPECT_TRUE(load.problems.empty());
  EXPECT_EQ(load.definitions.schedules.at("s").task.kind, "noop");
}

TEST(DefinitionsLoadTest, ListsEveryProblemOfEveryFile) {
  EXPECT_EQ(
      problems_of({document("a.yaml", R"({"tasks": {"t": {"comand": ["x"]}, "u": {"kind": "noop",
                                          "timeout": "10 minutes"}}, "task": {}})"),
                   document("b.yaml", R"({"schedules": {"s": {"cron": "61 * * * *",
                                          "task": "t"}}})")})
          .size(),
      5U);
}

TEST(DefinitionsLoadTest, NamesUnknownTasksWithAHint) {
  EXPECT_EQ(problems_of(R"({"tasks": {"verify-batch": {"kind": "noop"}},
                            "schedules": {"s": {"cron": "@daily", "task": "verify-bacth"}}})"),
            (Problems{"a.yaml: /schedules/s/task: there is no task definition \"verify-bacth\"; "
                      "did you mean \"verify-batch\"?"}));
}

TEST(DefinitionsLoadTest, NumbersThatNothingCanHoldAreProblemsOfTheirField) {
  for (const auto& [number, shown] : std::map<std::string, std::string>{
           {"1e300", "1E300"}, {"9223372036854775808", "9223372036854775808"}}) {
    EXPECT_EQ(
        problems_of(R"({"tasks": {"t": {"command": ["x"], "retry": {"failures": )" + number +
                    R"(}, "limits": {"processes": )" + number + R"(, "open_files": )" + number +
                    "}}}}"),
        (Problems{
            "a.yaml: /tasks/t/retry/failures: has to be at most 1000000, not " + shown,
            "a.yaml: /tasks/t/limits/processes: has to be at most 4194304, not " + shown,
            "a.yaml: /tasks/t/limits/open_files: has to be at most 2147483584, not " + shown}));
  }
}

/// The pointers of all schemas of whole numbers in `schema` that have no bounds.
void find_unbounded(const bj::value& schema, const std::string& pointer, Problems& found) {
  if (const bj::array* list = schema.if_array()) {
    for (const bj::value& element : *list) find_unbounded(element, pointer + "/", found);
  }
  const bj::object* object = schema.if_object();
  if (object == nullptr) return;
  const bj::value* type = object->if_contains("type");
  const bool bounded = object->contains("minimum") && object->contains("maximum");
  if (type != nullptr && *type == "integer" && !bounded) found.push_back(pointer);
  for (const auto& member : *object) {
    find_unbounded(member.value(), pointer + "/" + std::string(member.key()), found);
  }
}

TEST(DefinitionsLoadTest, TheSchemaBoundsEveryWholeNumber) {
  Problems found;
  find_unbounded(json::parse(definitions_schema()).value(), "", found);
  EXPECT_EQ(found, Problems{});
}

TEST(DefinitionsLoadTest, ATaskThatIsBrokenIsNotAlsoCalledUnknown) {
  const Problems problems = problems_of(
      R"({"tasks": {"t": {"kind": "noop", "priority": 101}},
          "schedules": {"s": {"cron": "@daily", "task": "t"}}})");
  EXPECT_EQ(problems, (Problems{"a.yaml: /tasks/t/priority: has to be at most 100, not 101"}));
}

TEST(DefinitionsLoadTest, RefusesANameThatIsDefinedTwice) {
  EXPECT_EQ(problems_of({document("a.yaml", R"({"tasks": {"t": {"kind": "noop"}}})"),
                         document("b.yaml", R"({"tasks": {"t": {"kind": "noop"}}})")}),
            (Problems{"b.yaml: /tasks/t: \"t\" is defined twice; the first is at a.yaml:0"}));
}

TEST(DefinitionsLoadTest, WhatAKindRefusesStandsAtItsField) {
  const auto refuse = [](const TaskRequest& request) -> Status {
    if (request.kind == "nop") return fail(Code::invalid_argument, "there is no kind \"nop\"");
    return fail(Code::invalid_argument, "/grace must not be negative");
  };
  Document file = document("a.yaml", R"({"tasks": {"a": {"kind": "nop"},
                                                   "b": {"shell": "x", "grace": "-1s"}}})");
  file.values = {{"", {1, 1}}, {"/tasks/a/kind", {3, 11}}, {"/tasks/b/grace", {6, 12}}};
  const DefinitionsLoad load = load_definitions({{file}}, refuse);
  ASSERT_EQ(load.problems.size(), 2U);
  EXPECT_EQ(to_string(load.problems[0]), "a.yaml:3:11: there is no kind \"nop\"");
  EXPECT_EQ(to_string(load.problems[1]), "a.yaml:6:12: /grace must not be negative");
}

TEST(DefinitionsLoadTest, ProblemsStandAtTheirPlaceInTheFile) {
  Document file = document("a.yaml", R"({"tasks": {"t": {"kind": "noop", "timeout": "x"}}})");
  file.values = {{"", {1, 1}}, {"/tasks/t", {3, 5}}, {"/tasks/t/timeout", {4, 14}}};
  const DefinitionsLoad load = load_definitions({{file}});
  ASSERT_EQ(load.problems.size(), 1U);
  EXPECT_EQ(load.problems[0].at, (Position{4, 14}));
}

TEST(DefinitionsLoadTest, ChecksTheParamsOfASchedule) {
  EXPECT_EQ(problems_of(R"({"tasks": {"t": {"kind": "noop", "params": {"required": ["day"]}}},
                            "schedules": {"s": {"cron": "@daily", "task": "t"}}})"),
            (Problems{"a.yaml: /schedules/s/params: params the field \"day\" is missing"}));
}

TEST(DefinitionsLoadTest, ChecksParamsSchemas) {
  EXPECT_EQ(problems_of(R"({"tasks": {"t": {"kind": "noop", "params": {"requird": []}}}})"),
            (Problems{"a.yaml: /tasks/t/params/requird: unknown schema keyword \"requird\"; did "
                      "you mean \"required\"?"}));
}

TEST(DefinitionsLoadTest, AProgramOrAScriptNotBoth) {
  const Problems give = {"a.yaml: /tasks/t: give command or shell"};
  EXPECT_EQ(problems_of(R"({"tasks": {"t": {"command": ["x"], "shell": "y"}}})"), give);
  EXPECT_EQ(problems_of(R"({"tasks": {"t": {}}})"), give);
  EXPECT_TRUE(problems_of(R"({"tasks": {"t": {"shell": "exit 0"}}})").empty());
}

TEST(DefinitionsLoadTest, RefusesNegativeDurations) {
  EXPECT_EQ(problems_of(R"({"tasks": {"t": {"kind": "noop", "timeout": "-1s"}},
                            "queues": {"q": {"retention": {"failed": "-1h"}}}})")
                .size(),
            2U);
}

TEST(DefinitionsLoadTest, ADocumentThatIsNoMapIsOneProblem) {
  EXPECT_EQ(problems_of("[1]"), (Problems{"a.yaml: has to be a map, not [1]"}));
}

TEST(ResolveTest, UrlsStartAtTheFilesDirectory) {
  EXPECT_EQ(resolve_url("drop", "/srv/defs"), "file:///srv/defs/drop");
  EXPECT_EQ(resolve_url("./drop/", "/srv/defs"), "file:///srv/defs/drop");
  EXPECT_EQ(resolve_url("../drop", "/srv/defs"), "file:///srv/drop");
  EXPECT_EQ(resolve_url("file:drop", "/srv/defs"), "file:///srv/defs/drop");
  EXPECT_EQ(resolve_url("file://./drop", "/srv/defs"), "file:///srv/defs/drop");
  EXPECT_EQ(resolve_url("file:///a/b", "/srv/defs"), "file:///a/b");
  EXPECT_EQ(resolve_url("/a/b", "/srv/defs"), "file:///a/b");
  EXPECT_EQ(resolve_url("100%/a:b", "/srv/defs"), "file:///srv/defs/100%25/a:b");
  EXPECT_EQ(resolve_url("s3://bucket/x", "/srv/defs"), "s3://bucket/x");
}

TEST(ResolveTest, ProgramsWithASlashStartAtTheFilesDirectory) {
  EXPECT_EQ(resolve_program("./run.sh", "/srv/defs"), "/srv/defs/run.sh");
  EXPECT_EQ(resolve_program("../bin/run", "/srv/defs"), "/srv/bin/run");
  EXPECT_EQ(resolve_program("/bin/true", "/srv/defs"), "/bin/true");
  EXPECT_EQ(resolve_program("true", "/srv/defs"), "true");
}

/// As a commit keeps it: in a directory of that tree's name.
TaskDefinition of_tree(const std::string& tree, const std::string& program,
                       const std::string& library) {
  Document file = document("a.yaml", R"({"tasks": {"t": {
      "command": ["./count.sh", "-v"], "working_directory": "data", "files": ["lib.sh"]}}})");
  file.directory = "/trees/" + tree;
  file.origin = GitOrigin{"/r", tree, "a.yaml"};
  const std::map<std::string, std::string> there = {{file.directory + "/count.sh", program},
                                                    {file.directory + "/lib.sh", library},
                                                    {file.directory + "/data", "d"}};
  const DefinitionsLoad load =
      load_definitions({{file}}, {}, [&](const std::string& path) -> Result<std::string> {
        const auto found = there.find(path);
        if (found == there.end()) return fail(Code::not_found, path);
        return found->second;
      });
  EXPECT_TRUE(load.problems.empty()) << to_string(load.problems[0]);
  return load.definitions.tasks.at("t");
}

TEST(DefinitionsLoadTest, ACommandOfARepositoryIsKnownByItsFilesAndNotByTheirPlace) {
  const auto fingerprint = [](const TaskDefinition& task) {
    return pipeline::fingerprint_of(task, {});
  };
  const TaskDefinition first = of_tree("1", "p", "l");
  const TaskDefinition second = of_tree("2", "p", "l");
  EXPECT_NE(first.spec, second.spec);
  EXPECT_EQ(fingerprint(first), fingerprint(second));
  const auto differs = [&](const TaskDefinition& now) {
    return pipeline::differences(fingerprint(first), fingerprint(now));
  };
  EXPECT_EQ(differs(of_tree("2", "other", "l")), std::vector<std::string>{"program"});
  EXPECT_EQ(differs(of_tree("2", "p", "other")), std::vector<std::string>{"files.lib.sh"});
}

TEST(DefinitionsLoadTest, FilesOfACommandAreThereAndBelowItsDefinition) {
  Document file = document("a.yaml", R"({
    "tasks": {"a": {"shell": "x", "files": ["x", "../up", "/etc/passwd"]},
              "b": {"shell": "x", "files": ["gone"]}},
    "pipelines": {"p": {"steps": {"s": {"task": {"command": ["../../up.sh"]}}}}}})");
  file.origin = GitOrigin{"/r", "1", "a.yaml"};
  const DefinitionsLoad load = load_definitions(
      {{file}}, {},
      [](const std::string& path) -> Result<std::string> { return fail(Code::not_found, path); });
  std::vector<std::string> problems;
  for (const Problem& problem : load.problems) problems.push_back(problem.message);
  const auto has = [&](const std::string& text) {
    return std::any_of(problems.begin(), problems.end(), [&](const std::string& each) {
      return each.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("/tasks/b/files/0: names a file that is not there"));
  EXPECT_TRUE(has("/tasks/a/files/1: leads out of the directory"));
  EXPECT_TRUE(has("/tasks/a/files/2: has to be a path below"));
  EXPECT_TRUE(has("/pipelines/p/steps/s/task/command/0: leads out of the directory"));
}

TEST(DefinitionsLoadTest, KindsMayHaveCapitals) {
  EXPECT_EQ(problems_of(R"({"tasks": {"a": {"kind": "kiwix.updateSources"}}})"), Problems{});
  EXPECT_EQ(problems_of(R"({"tasks": {"a": {"kind": "no kind"}}})").size(), 1u);
}

TEST(DefinitionsLoadTest, WhatTheSchemaRefusesHidesNothingElse) {
  EXPECT_EQ(problems_of(R"({
    "tasks": {"a": {"command": ["x"], "pri": 1, "timeout": "-1s", "limits": {"memory": "much"}},
              "b": {"kind": "noop", "queue": "NO!", "params": {"type": "objet"}}},
    "pipelines": {"p": {"what": 1, "steps": {
        "x": {"task": "gone", "if": "params."},
        "y": {"task": "a", "for_each": 5, "with": {"i": "${{ item }}"}},
        "z": {"task": {"command": ["x"], "pri": 1, "timeout": "-1s"}}}}},
    "schedules": {"s": {"cron": "never", "task": "nobody"}}})"),
            (Problems{R"(a.yaml: /tasks/a/pri: unknown field "pri")",
                      R"(a.yaml: /tasks/a/limits/memory: "much" is no size; write a number and )"
                      R"(a unit, such as 256MiB (B, KiB, MiB, GiB, TiB, kB, MB, GB, TB))",
                      R"(a.yaml: /tasks/b/queue: "NO!" does not match "^[a-z0-9][a-z0-9._-]*$")",
                      R"(a.yaml: /pipelines/p/what: unknown field "what")",
                      R"(a.yaml: /pipelines/p/steps/y/for_each: has to be a list or a text, )"
                      R"(not 5)",
                      R"(a.yaml: /pipelines/p/steps/z/task/pri: unknown field "pri")",
                      R"(a.yaml: /schedules/s/cron: cron 'never' has 1 fields; it needs five: )"
                      R"(minute, hour, day of month, month, day of week)",
                      R"(a.yaml: /tasks/a/timeout: has to be 0 or more)",
                      R"(a.yaml: /tasks/b/params/type: has to be null, boolean, object, array, )"
                      R"(number, integer or string)",
                      R"(a.yaml: /pipelines/p/steps/z/task/timeout: has to be 0 or more)",
                      R"(a.yaml: /pipelines/p/steps/x/if: in "params.", column 8: here should )"
                      R"(be a name after the dot, not the end)",
                      R"(a.yaml: /pipelines/p/steps/x/task: there is no task definition "gone")",
                      R"(a.yaml: /schedules/s/task: there is no task definition "nobody")"}));
}

}  // namespace
}  // namespace waybill
