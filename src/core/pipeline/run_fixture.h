#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "core/definitions_load.h"
#include "core/pipeline/run.h"

namespace waybill::pipeline {

/// A pipeline with a bit of everything.
inline constexpr const char* kEverything = R"x({
  "p": {"params": {"properties": {"day": {}}}, "timeout": "6h",
        "who_may": {"github": {"repository": "a/b", "permission": "maintain"}, "people": ["ann"],
                    "role": "admin"},
        "concurrency": 2, "queue": "slow",
        "priority": 3, "labels": {"team": "x"}, "outputs": {"t": "${{ steps.sum.outputs.t }}"},
        "steps": {
          "list": {"task": {"command": ["./list.sh"], "timeout": "1m", "labels": {"a": "b"}},
                   "outputs": {"urls": "${{ result.urls }}"}},
          "fetch": {"needs": "list", "task": "strict", "for_each": "steps.list.outputs.urls",
                    "with": {"url": "${{ item }}"}, "max_parallel": 4, "fail_fast": false,
                    "timeout": "2m", "retry": {"failures": 2}, "queue": "net", "priority": -1},
          "ok": {"needs": "fetch", "wait": {"approval": {"who_may": {"role": "admin"}}}},
          "sum": {"needs": "ok", "if": "params.day != ''", "task": "t",
                  "matrix": {"os": ["a", "b"], "exclude": [{"os": "b"}]}},
          "tidy": {"needs": "sum", "if": "always()", "pipeline": "q"}}},
  "q": {"steps": {"pause": {"wait": {"for": "10s"}}}}})x";

/// The plan of pipeline "p" of these, beside the tasks `t`, which takes anything, and `strict`,
/// which needs a url.
inline std::shared_ptr<const Plan> plan_of(const std::string& pipelines) {
  const Document document{.file = "a.yaml",
                          .directory = "/srv",
                          .json = R"({"tasks": {"t": {"kind": "noop"},
                                      "strict": {"kind": "noop", "params": {"required": ["url"]}}},
                                      "pipelines": )" +
                                  pipelines + "}"};
  const DefinitionsLoad load = load_definitions({{document}});
  const std::string problem = load.problems.empty() ? "" : to_string(load.problems[0]);
  WAYBILL_CHECK(problem.empty(), problem.c_str());
  auto plan = Plan::make("p", load.definitions.pipelines, load.definitions.tasks);
  WAYBILL_CHECK(plan.has_value(), plan ? "" : plan.error().message.c_str());
  return std::move(*plan);
}

/// An action in two words: what, and of which node.
inline std::string brief(const Action& action) {
  std::string what = "cancel";
  if (std::holds_alternative<action::Start>(action)) what = "start";
  if (std::holds_alternative<action::BeginWait>(action)) what = "wait";
  if (std::holds_alternative<action::Open>(action)) what = "open";
  if (const auto* finish = std::get_if<action::Finish>(&action)) {
    what = finish->is_reused ? "reused" : std::string(to_string(finish->state));
  }
  return what + " " + path_of(action);
}

/// One run, played by hand; what it did is recorded.
class Play {
 public:
  explicit Play(const std::string& pipelines, std::string params = "{}")
      : plan_(plan_of(pipelines)) {
    request_.id = task_id(kTaskNamespace, "run");
    request_.params = std::move(params);
    request_.created_at = now_;
  }
  void reuse(std::map<std::string, Reusable> reusable) {
    request_.id = task_id(kTaskNamespace, "another run");
    request_.reusable = std::move(reusable);
  }

  Run& run() {
    if (!run_) run_ = std::make_unique<Run>(Run::open(plan_, request_).value());
    return *run_;
  }
  /// As after a restart.
  void reopen() { run_ = std::make_unique<Run>(Run::open(plan_, request_, records_).value()); }
  std::vector<std::string> step() {
    std::vector<std::string> done;
    for (const Action& each : run().take(now_)) {
      record(records_, each);
      done.push_back(brief(each));
      if (const auto* wait = std::get_if<action::BeginWait>(&each)) {
        differs_[wait->path] = wait->differs;
        waits_[wait->path] = wait->wait;
      }
      const auto* start = std::get_if<action::Start>(&each);
      if (start == nullptr) continue;
      differs_[start->path] = start->differs;
      starts_[start->path] = *start;
      begun_[start->path] = true;
    }
    return done;
  }
  void end(const std::string& path, NodeState state, std::string result = "",
           std::string error = "") {
    run().ended(
        {.path = path, .state = state, .result = std::move(result), .error = std::move(error)});
  }
  void succeed(const std::string& path, std::string result = "") {
    end(path, NodeState::succeeded, std::move(result));
  }
  void fail(const std::string& path, std::string error = "no") {
    end(path, NodeState::failed, "", std::move(error));
  }
  /// All tasks that run.
  void succeed_all(const std::string& result = R"({"v": 1})") {
    for (const auto& [path, start] : std::exchange(begun_, {})) succeed(path, result);
  }
  void cancel(Stop stop = Stop::cancel) { run().cancel(stop, "by ann"); }
  void pass(Duration time) { now_ += time; }

  Time now() const { return now_; }
  const Plan& plan() const { return *plan_; }
  const std::shared_ptr<const Plan>& shared_plan() const { return plan_; }
  const RunRequest& request() const { return request_; }
  const Records& records() const { return records_; }
  const TaskRequest& task(const std::string& path) const { return starts_.at(path).task; }
  const Wait& wait(const std::string& path) const { return waits_.at(path); }
  std::vector<std::string> differs(const std::string& path) const { return differs_.at(path); }

 private:
  std::shared_ptr<const Plan> plan_;
  RunRequest request_;
  std::unique_ptr<Run> run_;
  Time now_ = from_micros(1'800'000'000'000'000);
  Records records_;
  std::map<std::string, action::Start> starts_;
  std::map<std::string, std::vector<std::string>> differs_;  ///< of tasks and waits
  std::map<std::string, Wait> waits_;
  std::map<std::string, bool> begun_;  ///< and not ended by succeed_all
};

}  // namespace waybill::pipeline
