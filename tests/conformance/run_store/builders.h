#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/task.h"
#include "ports/run_store.h"

namespace waybill::run_store_suite {

using pipeline::NodeState;
using pipeline::Stop;

inline constexpr Time kNow = Time(std::chrono::hours(24 * 365 * 56));
inline Time later(int seconds) { return kNow + std::chrono::seconds(seconds); }

inline Uuid run_id(std::uint8_t last) {
  Uuid id;
  id.bytes[0] = last;
  id.bytes[15] = last;
  return id;
}

inline NewRun a_run(std::uint8_t id, const std::string& name = "p") {
  const std::string plan = R"({"pipeline": ")" + name + "\"}";
  return {.run = {.id = run_id(id),
                  .pipeline = name,
                  .plan = pipeline::plan_digest(plan),
                  .params = R"({"day": 3})",
                  .priority = 7,
                  .reuse_from = run_id(200),
                  .anew = {"a", "b"},
                  .created_by = "cli:ann",
                  .created_at = kNow,
                  .outputs = {},
                  .error = {},
                  .stop = {}},
          .plan = plan};
}

inline RunHold held_by(std::string holder, std::uint8_t id, int from_s = 0, int to_s = 20) {
  return {
      .id = run_id(id), .holder = std::move(holder), .now = later(from_s), .until = later(to_s)};
}

inline TaskRequest a_task(std::uint8_t id) {
  TaskRequest task;
  task.id = run_id(id);
  task.kind = "noop";
  task.created_by = "run:x";
  return task;
}

/// As if the run said it.
inline RunSettlement settled(std::uint8_t id, std::vector<pipeline::Action> actions) {
  RunSettlement settlement{.id = run_id(id),
                           .holder = "one",
                           .at = later(1),
                           .tasks = {},
                           .nodes = {},
                           .outputs = {},
                           .error = {}};
  for (const pipeline::Action& each : actions) {
    settlement.nodes.push_back(pipeline::change_of(each));
    if (const auto* start = std::get_if<pipeline::action::Start>(&each)) {
      settlement.tasks.push_back(start->task);
    }
  }
  return settlement;
}

inline pipeline::action::Start start_of(std::string path, std::uint8_t task) {
  return {.path = std::move(path),
          .task = a_task(task),
          .fingerprint = {{"kind", "1"}, {"params.x", "2"}},
          .differs = {}};
}
inline pipeline::action::BeginWait approval_of(std::string path) {
  return {.path = std::move(path),
          .wait = {.kind = pipeline::WaitKind::approval,
                   .url = {},
                   .statuses = {},
                   .who_may = R"({"people": ["ann"]})"},
          .due = later(60),
          .fingerprint = {{"wait", "3"}}};
}
inline pipeline::action::Finish finish_of(std::string path, NodeState state,
                                          std::string outputs = "") {
  return {.path = std::move(path), .state = state, .outputs = std::move(outputs), .error = "e"};
}

inline RunAsk answer_of(std::uint8_t id, std::string path) {
  return {.id = run_id(id),
          .at = later(2),
          .path = std::move(path),
          .decision = {.approved = true, .by = "ann", .comment = "fine", .at = later(2)}};
}
inline RunAsk stop_of(std::uint8_t id, Stop stop, std::string by = "ann") {
  return {.id = run_id(id), .at = later(2), .stop = {stop, std::move(by), "why"}};
}

}  // namespace waybill::run_store_suite
