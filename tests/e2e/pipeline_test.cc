// The pipeline of examples/pipeline, from the command line, and what becomes of its runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

namespace bj = boost::json;

using testing::HasSubstr;

const std::vector<std::string> kNodes = {"approve",  "count",    "count[0]", "count[1]",
                                         "count[2]", "count[3]", "publish",  "tidy"};

class PipelineTest : public testing::Test {
 protected:
  std::vector<std::string> with_definitions(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--definitions", definitions_});
    return arguments;
  }
  std::unique_ptr<Running> up() const {
    auto running = place_.start(
        with_definitions({"up", "--poll", "50ms", "--lease", "2s", "--beat", "500ms"}));
    running->wait_for_output("waybill is up");
    return running;
  }
  bj::object start(std::vector<std::string> arguments = {}) const {
    std::vector<std::string> all = {"pipeline", "run", "report", "day=2026-11-27"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return place_.json("pipeline run", with_definitions(all)).at("run").as_object();
  }
  bj::object show(const std::string& id) const {
    return place_.json("run show", {"run", "show", id}).as_object();
  }
  /// The states of its nodes by path.
  static std::map<std::string, std::string> states(const bj::object& shown) {
    std::map<std::string, std::string> states;
    for (const bj::value& node : shown.at("nodes").as_array()) {
      states[node.at("path").as_string().c_str()] = node.at("state").as_string().c_str();
    }
    return states;
  }
  /// Looks until it holds; fails the test after a minute.
  template <class Holds>
  bj::object until(const std::string& id, Holds holds) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    for (;;) {
      bj::object shown = show(id);
      if (holds(shown)) return shown;
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "it never comes to that: " << bj::serialize(shown);
        return shown;
      }
      std::this_thread::yield();
    }
  }
  static bool waits(const bj::object& shown) {
    const auto found = states(shown);
    const auto approve = found.find("approve");
    return approve != found.end() && approve->second == "running";
  }
  static bool is_over(const bj::object& shown) { return !shown.at("run").at("ended_at").is_null(); }
  bj::object approve_and_end(const std::string& id) const {
    until(id, waits);
    EXPECT_EQ(place_.run({"run", "approve", id, "--comment", "fine"}).status, 0);
    return until(id, is_over);
  }
  std::string id_of(const bj::object& run) const { return run.at("id").as_string().c_str(); }

  const std::string definitions_ =
      (std::filesystem::current_path() / "examples/pipeline/definitions").string();
  const Place place_;
};

TEST_F(PipelineTest, TheExampleRunsWithAnApprovalAndCleanUp) {
  const Ran plan =
      place_.run(with_definitions({"pipeline", "run", "report", "day=2026-11-27", "--dry-run"}));
  EXPECT_THAT(plan.out, HasSubstr("publish-report"));
  EXPECT_FALSE(place_.exists("waybill-data"));
  place_.json("pipeline list", with_definitions({"pipeline", "list"}));
  place_.json("pipeline run",
              with_definitions({"pipeline", "run", "report", "day=x", "--dry-run"}));
  const auto running = up();
  const std::string id = id_of(start());
  const bj::object shown = approve_and_end(id);
  EXPECT_EQ(shown.at("run").at("state"), "succeeded");
  EXPECT_EQ(states(shown).size(), kNodes.size());
  EXPECT_THAT(place_.run({"run", "graph", id}).out, HasSubstr("publish  succeeded  <- approve"));
  EXPECT_THAT(place_.run({"run", "graph", id, "--dot"}).out,
              HasSubstr("\"approve\" -> \"publish\";"));
  EXPECT_THAT(place_.run({"run", "graph", id, "--mermaid"}).out, HasSubstr("flowchart LR"));
  place_.json("run graph", {"run", "graph", id});
  place_.json("run list", {"run", "list", "--state", "succeeded"});
  std::string publish;
  for (const bj::value& node : shown.at("nodes").as_array()) {
    if (node.at("path") == "publish") publish = node.at("task_id").as_string().c_str();
  }
  const std::string report = place_.run({"artifact", "get", publish, "report.csv"}).out;
  EXPECT_THAT(report, testing::MatchesRegex("north,am,[0-9]+\nnorth,pm,[0-9]+\nsouth,am,[0-9]+\n"
                                            "south,pm,[0-9]+\ntotal,.*,[0-9]+\n"));
  EXPECT_THAT(place_.run({"task", "logs", publish}).out, HasSubstr("[given 4 files, "));

  // Another day: what was counted is counted again, and the reason is named.
  const std::string again =
      id_of(place_
                .json("pipeline run", with_definitions({"pipeline", "run", "report",
                                                        "day=2026-11-28", "--reuse-from", id}))
                .at("run")
                .as_object());
  until(again, waits);
  const bj::value why = place_.json("run explain", {"run", "explain", again});
  EXPECT_EQ(why.at("steps").at(1).at("fields"), (bj::array{"params.day"}));
  EXPECT_EQ(place_.run({"run", "reject", again, "--comment", "no"}).status, 0);
  const bj::object rejected = until(again, is_over);
  EXPECT_EQ(rejected.at("run").at("state"), "failed");
  EXPECT_EQ(states(rejected).at("publish"), "skipped");
  EXPECT_EQ(states(rejected).at("tidy"), "succeeded");

  const bj::object retried =
      place_.json("run retry", with_definitions({"run", "retry", again})).at("run").as_object();
  const bj::object done = approve_and_end(id_of(retried));
  EXPECT_EQ(done.at("run").at("state"), "succeeded");
  for (const bj::value& node : done.at("nodes").as_array()) {
    const std::string path = node.at("path").as_string().c_str();
    EXPECT_EQ(node.at("reused").as_bool(), path.starts_with("count[")) << path;
  }
}

/// A program that says what it was started with, and what it was trusted with.
class TalkingPipelineTest : public PipelineTest {
 protected:
  TalkingPipelineTest() {
    place_.write("talks/talk.py", R"(#!/usr/bin/env python3
import json, os, sys
said = {"argv": sys.argv[1:], "token": os.environ["TOKEN"]}
print(json.dumps({"output": said}), file=os.fdopen(int(os.environ["WAYBILL_REPORT_FD"]), "w"))
)");
    std::filesystem::permissions(place_.path("talks/talk.py"), std::filesystem::perms::owner_all);
    place_.write("talks/a.yaml", R"(
tasks: {talk: {command: [./talk.py, fixed], secrets: {TOKEN: token}}}
pipelines:
  talks:
    outputs: {said: "${{ steps.a.outputs }}"}
    steps:
      a: {task: talk, with: {x: "${{ params.x }}", "--version": "${{ params.x }}"}}
      b: {needs: a, task: talk, with: {token: "${{ steps.a.outputs.token }}"}}
)");
    place_.write("key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n");
    place_.write("value", "hunter2-and-more");
  }
};

TEST_F(TalkingPipelineTest, NoParamBecomesAnOptionAndNoSecretAnOutput) {
  ASSERT_EQ(
      place_.run({"secret", "set", "token", "--file", "value", "--secret-key-file", "key"}).status,
      0);
  place_.write("params.json", R"({"x": "--help; $(touch ran) `touch ran`"})");
  const Ran started = place_.run(
      {"pipeline", "run", "talks", "--params", "@params.json", "--definitions", "talks"});
  ASSERT_EQ(started.status, 0) << started.err;
  const std::string id = started.out.substr(0, 36);
  ASSERT_EQ(place_.run({"up", "--definitions", "talks", "--until-idle", "--secret-key-file", "key"})
                .status,
            0);
  const bj::object shown = show(id);
  EXPECT_EQ(shown.at("run").at("state"), "succeeded") << bj::serialize(shown);
  EXPECT_EQ(shown.at("run").at("outputs").at("said"),
            (bj::object{{"argv", bj::array{"fixed"}}, {"token", "***"}}));
  EXPECT_FALSE(place_.exists("ran"));
  const bj::value tasks =
      place_.json("task list", {"task", "list", "--created-by", "run:" + id}).at("tasks");
  ASSERT_EQ(tasks.as_array().size(), 2u);
  for (const bj::value& task : tasks.as_array()) {
    const std::string one = task.at("id").as_string().c_str();
    const std::string all = bj::serialize(place_.json("task show", {"task", "show", one})) +
                            place_.run({"task", "logs", one}).out;
    EXPECT_EQ(all.find("hunter2"), std::string::npos) << all;
  }
}

TEST_F(PipelineTest, WhatIsWrongIsSaidWithWhatToDo) {
  EXPECT_THAT(place_.run({"pipeline", "run", "report"}).err, HasSubstr("--definitions DIR"));
  EXPECT_THAT(place_.run(with_definitions({"pipeline", "run", "reprot"})).err,
              HasSubstr("did you mean \"report\""));
  EXPECT_THAT(place_.run(with_definitions({"pipeline", "run", "report", "day"})).err,
              HasSubstr("is not NAME=VALUE"));
  EXPECT_THAT(place_.run(with_definitions({"pipeline", "run", "report"})).err, HasSubstr("day"));
  EXPECT_THAT(place_.run({"run", "show", "0192"}).err, HasSubstr("waybill run list"));
}

TEST_F(PipelineTest, AScheduleFromTheCommandLineStartsRuns) {
  const std::vector<std::string> add = {"schedule", "add", "monthly", "0 4 1 * *"};
  const auto added = [&](std::vector<std::string> more) {
    more.insert(more.begin(), add.begin(), add.end());
    return place_.run(with_definitions(std::move(more)));
  };
  EXPECT_THAT(added({"--pipeline", "reprot"}).err, HasSubstr("did you mean \"report\"?"));
  EXPECT_THAT(added({"--pipeline", "report"}).err, HasSubstr("day"));
  EXPECT_THAT(added({"--pipeline", "report", "--kind", "noop"}).err, HasSubstr("leave out"));
  const Ran good = added({"--pipeline", "report", "--param", "day=2026-11-27"});
  ASSERT_EQ(good.status, 0) << good.err;
  EXPECT_THAT(place_.run({"schedule", "list"}).out, HasSubstr("pipeline report"));
  const auto up = this->up();
  ASSERT_EQ(place_.run({"schedule", "run", "monthly"}).status, 0);
  bj::array runs;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (runs.empty() && std::chrono::steady_clock::now() < deadline) {
    runs = place_.json("run list", {"run", "list"}).at("runs").as_array();
  }
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].at("pipeline"), "report");
  const std::string made = runs[0].at("created_at").as_string().c_str();
  const auto listed = [&](const std::string& option, const std::string& time) {
    return place_.json("run list", {"run", "list", option, time}).at("runs").as_array().size();
  };
  EXPECT_EQ(listed("--created-after", made) - listed("--created-before", made), 1u);
  EXPECT_EQ(place_.run({"run", "list", "--created-before", "noon"}).status, 2);
}

TEST_F(PipelineTest, ACancelledRunTidiesUp) {
  const auto running = up();
  const std::string id = id_of(start());
  until(id, waits);
  EXPECT_EQ(place_.run({"run", "cancel", id, "--reason", "wrong day"}).status, 0);
  const bj::object shown = until(id, is_over);
  EXPECT_EQ(shown.at("run").at("state"), "cancelled");
  EXPECT_EQ(states(shown).at("approve"), "cancelled");
  EXPECT_EQ(states(shown).at("tidy"), "succeeded");
  EXPECT_EQ(place_.run({"run", "cancel", id}).status, 1);
}

TEST_F(PipelineTest, UntilIdleEndsWhenOnlyAPersonCanHelp) {
  const std::string id = id_of(start());
  EXPECT_EQ(place_.run(with_definitions({"up", "--until-idle"})).status, 0);
  EXPECT_TRUE(waits(show(id)));
  EXPECT_EQ(place_.run({"run", "approve", id}).status, 0);
  EXPECT_EQ(place_.run(with_definitions({"up", "--until-idle"})).status, 0);
  EXPECT_EQ(show(id).at("run").at("state"), "succeeded");
}

TEST_F(PipelineTest, TenThousandStepsAreDoneInHalfAMinute) {
  place_.write("wide/a.yaml",
               "tasks: {n: {kind: noop}}\n"
               "pipelines:\n  wide:\n    steps:\n"
               "      each: {task: n, for_each: '${{ params.of }}', with: {of: '${{ item }}'}}\n");
  bj::array items;
  for (int i = 0; i < 9'999; ++i) items.emplace_back(i);
  place_.write("params.json", bj::serialize(bj::object{{"of", std::move(items)}}));
  const Ran started =
      place_.run({"pipeline", "run", "wide", "--params", "@params.json", "--definitions", "wide"});
  ASSERT_EQ(started.status, 0) << started.err;
  const std::string id = started.out.substr(0, 36);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(place_.run({"up", "--definitions", "wide", "--until-idle", "--slots", "8"}).status, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  const bj::object shown = show(id);
  EXPECT_EQ(shown.at("run").at("state"), "succeeded");
  EXPECT_EQ(shown.at("nodes").as_array().size(), 10'000u);
  EXPECT_EQ(place_.json("db check", {"db", "check"}).at("tasks_checked"), 9'999);
}

/// A pipeline whose steps end only when their gate is opened: a file.
class GatedPipelineTest : public PipelineTest {
 protected:
  GatedPipelineTest() {
    place_.write("gated/gate.py", R"(#!/usr/bin/env python3
import glob, json, os, time, zlib
params = json.loads(os.environ["WAYBILL_PARAMS"])
while not os.path.exists(os.path.join(params["gates"], params["gate"])):
    time.sleep(0.01)
given = [int(open(path).read()) for path in glob.glob("counts/*/n")]
n = sum(given) or zlib.crc32(params["gate"].encode()) % 1000
with open(os.path.join(os.environ["WAYBILL_ARTIFACTS"], "n"), "w") as file:
    print(n, file=file)
print(json.dumps({"output": {"n": n}}), file=os.fdopen(int(os.environ["WAYBILL_REPORT_FD"]), "w"))
)");
    std::filesystem::permissions(place_.path("gated/gate.py"), std::filesystem::perms::owner_all);
    place_.write("gated/a.yaml", R"(
tasks: {gate: {command: [./gate.py]}}
pipelines:
  gated:
    params: {type: object, required: [gates]}
    outputs: {n: "${{ steps.publish.outputs.n }}"}
    steps:
      count:
        task: gate
        matrix: {region: [a, b], half: [c, d]}
        max_parallel: 2
        with: {gates: "${{ params.gates }}", gate: "${{ matrix.region }}${{ matrix.half }}"}
      approve: {needs: count, wait: {approval: {}}}
      publish:
        needs: approve
        task: gate
        inputs: {counts: "${{ steps.count.artifacts }}"}
        with: {gates: "${{ params.gates }}", gate: publish}
      tidy:
        needs: publish
        if: always()
        task: gate
        with: {gates: "${{ params.gates }}", gate: tidy}
)");
  }
  std::unique_ptr<Running> up_gated() const {
    auto running = place_.start(
        {"up", "--poll", "50ms", "--lease", "2s", "--beat", "500ms", "--definitions", "gated"});
    running->wait_for_output("waybill is up");
    return running;
  }
  std::string start_gated(const std::string& gates) const {
    const Ran ran = place_.run(
        {"pipeline", "run", "gated", "gates=" + place_.path(gates), "--definitions", "gated"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    return ran.out.substr(0, 36);
  }
  /// Lets a step end, and waits until that is written down.
  void let(const std::string& id, const std::string& path, const std::string& gate) const {
    if (gate.empty()) {
      until(id, waits);
      EXPECT_EQ(place_.run({"run", "approve", id}).status, 0);
    } else {
      place_.write(gate, "");
    }
    until(id, [&](const bj::object& shown) {
      const auto found = states(shown);
      const auto state = found.find(path);
      return state != found.end() && state->second == "succeeded";
    });
  }
};

const std::vector<std::pair<std::string, std::string>> kGates = {
    {"count[0]", "ac"}, {"count[1]", "ad"},     {"count[2]", "bc"}, {"count[3]", "bd"},
    {"approve", ""},    {"publish", "publish"}, {"tidy", "tidy"}};

TEST_F(GatedPipelineTest, WhoeverWaitsIsToldOfEachStepThatEnds) {
  const auto running = up_gated();
  const std::string id = start_gated("open");
  const auto waiting = place_.start({"run", "show", id, "--wait"});
  waiting->wait_for_output("waiting for run");
  for (const auto& [path, gate] : kGates) {
    let(id, path, gate.empty() ? "" : "open/" + gate);
    // Before the run has ended: the last step but one.
    if (path == "approve") waiting->wait_for_output("approve succeeded");
  }
  const Ran ran = waiting->wait();
  EXPECT_EQ(ran.status, 0);
  for (const char* line : {"count succeeded\n", "publish succeeded\n", "tidy succeeded\n"}) {
    EXPECT_NE(ran.err.find(line), std::string::npos) << ran.err;
  }
  EXPECT_EQ(ran.err.find("count[0]"), std::string::npos) << ran.err;
}

TEST_F(GatedPipelineTest, KilledAtEveryStepItComesToTheSameAndDoesNothingTwice) {
  bj::value outputs;
  {
    const auto running = up_gated();
    const std::string id = start_gated("open");
    for (const auto& [path, gate] : kGates) let(id, path, gate.empty() ? "" : "open/" + gate);
    outputs = until(id, is_over).at("run").at("outputs");
  }
  const std::string id = start_gated("gates");
  for (const auto& [path, gate] : kGates) {
    const auto running = up_gated();
    let(id, path, gate.empty() ? "" : "gates/" + gate);
    running->signal(SIGKILL);
    EXPECT_EQ(running->wait().status, 128 + SIGKILL);
  }
  const auto running = up_gated();
  const bj::object shown = until(id, is_over);
  EXPECT_EQ(shown.at("run").at("state"), "succeeded");
  EXPECT_EQ(shown.at("run").at("outputs"), outputs);
  std::vector<std::string> paths;
  for (const auto& [path, state] : states(shown)) paths.push_back(path);
  EXPECT_EQ(paths, kNodes);
  // Of each step one task, which succeeded once.
  const bj::value tasks =
      place_.json("task list", {"task", "list", "--created-by", "run:" + id}).at("tasks");
  EXPECT_EQ(tasks.as_array().size(), 6u);
  for (const bj::value& task : tasks.as_array()) {
    const bj::value one =
        place_.json("task show", {"task", "show", task.at("id").as_string().c_str()});
    int successes = 0;
    for (const bj::value& entry : one.at("history").as_array()) {
      successes += entry.at("happening") == "succeeded";
    }
    EXPECT_EQ(successes, 1);
  }
  EXPECT_EQ(place_.run({"db", "check"}).status, 0);
}

}  // namespace
}  // namespace waybill::e2e
