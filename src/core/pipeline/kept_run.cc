#include "core/pipeline/kept_run.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

constexpr std::array<std::string_view, kRunStateCount> kRunStates = {
    "waiting", "running", "succeeded", "failed", "cancelled"};
constexpr std::array<std::string_view, 4> kBegunAs = {"none", "task", "wait", "group"};
constexpr std::array<std::string_view, 3> kWaitKinds = {"time", "http", "approval"};

struct Changer {
  NodeChange operator()(const action::Start& start) const {
    return {.path = start.path,
            .kind = BegunAs::task,
            .outputs = {},
            .error = {},
            .fingerprint = to_json_text(start.fingerprint),
            .wait = {},
            .bytes = start.task.params.size() + start.task.spec.size()};
  }
  NodeChange operator()(const action::BeginWait& begin) const {
    return {.path = begin.path,
            .kind = BegunAs::wait,
            .due = begin.due,
            .outputs = {},
            .error = {},
            .fingerprint = to_json_text(begin.fingerprint),
            .wait = to_json_text(begin.wait),
            .is_approval = begin.wait.kind == WaitKind::approval,
            .bytes = begin.bytes};
  }
  NodeChange operator()(const action::Open& open) const {
    return {.path = open.path,
            .kind = open.path.empty() ? BegunAs::none : BegunAs::group,
            .due = open.due,
            .outputs = {},
            .error = {},
            .fingerprint = {},
            .wait = {},
            .bytes = open.bytes};
  }
  NodeChange operator()(const action::Finish& finish) const {
    return {.what = NodeChange::What::finished,
            .path = finish.path,
            .state = finish.state,
            .outputs = finish.outputs,
            .error = finish.error,
            .fingerprint = finish.is_reused ? to_json_text(finish.fingerprint) : "",
            .wait = {},
            .is_reused = finish.is_reused,
            .artifacts = finish.artifacts};
  }
  NodeChange operator()(const action::Cancel& cancel) const {
    return {.what = NodeChange::What::stopped,
            .path = cancel.path,
            .stop = cancel.stop,
            .outputs = {},
            .error = cancel.reason,
            .fingerprint = {},
            .wait = {}};
  }
};

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(Code::data_loss, std::string(what) + " that is kept of a run is damaged");
}

Result<bj::object> read_object(std::string_view text, std::string_view what) {
  auto value = json::parse(text);
  if (!value || !value->is_object()) return damaged(what);
  return std::move(value->get_object());
}

std::int64_t member_integer(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string member_text(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

std::string_view to_string(RunState state) { return kRunStates[static_cast<std::size_t>(state)]; }

std::optional<RunState> parse_run_state(std::string_view text) {
  const auto found = std::ranges::find(kRunStates, text);
  if (found == kRunStates.end()) return std::nullopt;
  return static_cast<RunState>(found - kRunStates.begin());
}

std::optional<NodeState> parse_node_state(std::string_view text) {
  for (const NodeState state : {NodeState::running, NodeState::succeeded, NodeState::failed,
                                NodeState::cancelled, NodeState::skipped}) {
    if (to_string(state) == text) return state;
  }
  return std::nullopt;
}

RunState run_state_of(NodeState state) {
  switch (state) {
    case NodeState::running:
      return RunState::running;
    case NodeState::failed:
      return RunState::failed;
    case NodeState::cancelled:
      return RunState::cancelled;
    case NodeState::succeeded:
    case NodeState::skipped:
      break;
  }
  return RunState::succeeded;
}

std::string_view to_string(BegunAs kind) { return kBegunAs[static_cast<std::size_t>(kind)]; }

NodeChange change_of(const Action& action) { return std::visit(Changer{}, action); }

std::string to_json_text(const Wait& wait) {
  bj::array statuses(wait.statuses.begin(), wait.statuses.end());
  return json::serialize(
      bj::object{{"kind", json::text(kWaitKinds[static_cast<std::size_t>(wait.kind)])},
                 {"until", to_micros(wait.until)},
                 {"url", json::text(wait.url)},
                 {"statuses", std::move(statuses)},
                 {"every", wait.every.count()},
                 {"timeout", wait.timeout.count()},
                 {"who_may", json::text(wait.who_may)}});
}

Result<Wait> read_kept_wait(std::string_view text_of_it) {
  const auto object = read_object(text_of_it, "a wait");
  if (!object) return fail(object.error());
  const auto kind = std::ranges::find(kWaitKinds, member_text(*object, "kind"));
  if (kind == kWaitKinds.end()) return damaged("a wait");
  Wait wait{.kind = static_cast<WaitKind>(kind - kWaitKinds.begin()),
            .until = from_micros(member_integer(*object, "until")),
            .url = member_text(*object, "url"),
            .statuses = {},
            .every = Duration(member_integer(*object, "every")),
            .timeout = Duration(member_integer(*object, "timeout")),
            .who_may = member_text(*object, "who_may")};
  const bj::value* statuses = object->if_contains("statuses");
  if (statuses == nullptr || !statuses->is_array()) return damaged("a wait");
  for (const bj::value& each : statuses->get_array()) {
    if (!each.is_int64()) return damaged("a wait");
    wait.statuses.push_back(static_cast<int>(each.get_int64()));
  }
  return wait;
}

std::string to_json_text(const Decision& decision) {
  return json::serialize(bj::object{{"approved", decision.approved},
                                    {"by", json::text(decision.by)},
                                    {"comment", json::text(decision.comment)},
                                    {"at", to_micros(decision.at)}});
}

Result<Decision> read_decision(std::string_view text_of_it) {
  const auto object = read_object(text_of_it, "an answer");
  if (!object) return fail(object.error());
  const bj::value* approved = object->if_contains("approved");
  if (approved == nullptr || !approved->is_bool()) return damaged("an answer");
  return Decision{.approved = approved->get_bool(),
                  .by = member_text(*object, "by"),
                  .comment = member_text(*object, "comment"),
                  .at = from_micros(member_integer(*object, "at"))};
}

std::string to_json_text(const std::vector<std::string>& names) {
  bj::array array;
  for (const std::string& name : names) array.push_back(json::text(name));
  return json::serialize(array);
}

Result<std::vector<std::string>> read_names(std::string_view text_of_it) {
  const auto value = json::parse(text_of_it);
  if (!value || !value->is_array()) return damaged("a list of steps");
  std::vector<std::string> names;
  for (const bj::value& each : value->get_array()) {
    if (!each.is_string()) return damaged("a list of steps");
    names.emplace_back(each.get_string());
  }
  return names;
}

Records records_of(const std::vector<KeptNode>& nodes) {
  Records records;
  for (const KeptNode& node : nodes) records.emplace(node.path, node.record);
  return records;
}

std::string plan_digest(std::string_view plan) { return to_hex(sha256(plan)); }

}  // namespace waybill::pipeline
