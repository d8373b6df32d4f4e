#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/json.h"
#include "core/pipeline/run_engine.h"
#include "core/pipeline/run_names.h"
#include "core/pipeline/run_values.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

/// What a path leads to, or the value on the way behind which it is no map any more.
const bj::value* value_at(const Names& names, const ExpressionRead& read) {
  auto member = read.members.begin();
  const bj::value* value = names.find(read.context);
  if (value == nullptr && member != read.members.end()) {
    value = names.find_member(read.context, *member++);
  }
  for (; value != nullptr && value->is_object() && member != read.members.end(); ++member) {
    value = value->get_object().if_contains(*member);
  }
  return value;
}

}  // namespace

bool RunEngine::is_same(const std::string& path, const Fingerprint& fingerprint) const {
  const auto found = request_.reusable.find(path);
  if (found == request_.reusable.end() || found->second.fingerprint != fingerprint) return false;
  // One whose files were not kept any more was done anew.
  const PlanStep* const step = plan_->step_of(path);
  return step == nullptr || !step->shows_artifacts || !found->second.artifacts.empty();
}

void RunEngine::note_made(const std::string& path, const Fingerprint& fingerprint, bool is_reused) {
  made_[path] = {.digest = digest_of(fingerprint), .is_reused = is_reused};
}

void RunEngine::note_stored() {
  for (const auto& [path, record] : stored_) {
    if (record.fingerprint.empty()) continue;
    // A wait that was done anew though its fingerprint is the same needs what was done anew itself.
    const bool is_reused =
        record.state == NodeState::succeeded && is_same(path, record.fingerprint);
    note_made(path, record.fingerprint, is_reused);
  }
}

void RunEngine::count_stored(const std::string& path) {
  const auto count = [&](const std::string& at, const Record& record) {
    bytes_ += record.bytes + record.outputs.size() + record.artifacts.size();
    // A step with instances is no step beside these.
    if (stored(at + "[0]") != nullptr) --instances_planned_;
  };
  count(path, *stored(path));
  for (const std::string& first : {path + "[", path + "/"}) {
    for (auto each = stored_.lower_bound(first); each != stored_.end(); ++each) {
      if (!each->first.starts_with(first)) break;
      ++instances_planned_;
      count(each->first, each->second);
    }
  }
}

void RunEngine::make_history(std::uint32_t frame, std::uint32_t step) {
  Frame& in = frames_[frame];
  std::vector<std::uint32_t> left = {step};
  while (!left.empty()) {
    const std::uint32_t at = left.back();
    StepValues& values = *in.steps[at].values;
    const std::size_t before = left.size();
    for (const std::uint32_t need : plan_step(frame, at).needs) {
      if (values.history.digest.empty() && in.steps[need].values->history.digest.empty()) {
        left.push_back(need);
      }
    }
    if (left.size() > before) continue;
    left.pop_back();
    if (!values.history.digest.empty()) continue;
    bj::array parts = {json::text(digest_of(*values.view))};
    for (const std::uint32_t need : plan_step(frame, at).needs) {
      const History& history = in.steps[need].values->history;
      parts.emplace_back(json::text(history.digest));
      values.history.any_anew = values.history.any_anew || history.any_anew;
    }
    const std::string path = step_path(frame, at);
    // The step itself, its instances, and the steps of a pipeline in it.
    for (const std::string& first : {path, path + "[", path + "/"}) {
      for (auto each = made_.lower_bound(first); each != made_.end(); ++each) {
        if (!each->first.starts_with(first) || (first == path && each->first != path)) break;
        parts.emplace_back(json::text(each->first));
        parts.emplace_back(json::text(each->second.digest));
        values.history.any_anew = values.history.any_anew || !each->second.is_reused;
      }
    }
    values.history.digest = digest_of(bj::value(std::move(parts)));
  }
}

void RunEngine::add_outputs(std::uint32_t index, Fingerprint& fingerprint) const {
  const Instance& instance = instances_[index];
  const PlanStep& plan = plan_step(instance.frame, instance.step);
  if (!plan.outputs) return;
  const Frame& in = frames_[instance.frame];
  const RunNames names({.frame = &in,
                        .step = &in.steps[instance.step],
                        .plan = &plan,
                        .number = instance.number,
                        .stop = in.stop});
  std::set<std::pair<std::string, std::vector<std::string>>> seen;
  bj::array parts = {json::text(digest_of(plan.outputs->source()))};
  for (const TreeTemplate::Place& place : plan.outputs->places()) {
    for (const ExpressionRead& read : place.text.reads()) {
      if (read.context == "result" || !seen.emplace(read.context, read.members).second) continue;
      const bj::value* value = value_at(names, read);
      parts.emplace_back(json::text(digest_of(value == nullptr ? bj::value() : *value)));
    }
  }
  fingerprint.emplace_back("outputs", digest_of(bj::value(std::move(parts))));
  std::sort(fingerprint.begin(), fingerprint.end());
}

/// All that came before an instance, from the outermost pipeline on.
Fingerprint RunEngine::before(std::uint32_t index, std::vector<std::string>& anew) {
  const Instance& instance = instances_[index];
  const Frame& in = frames_[instance.frame];
  const PlanStep& plan = plan_step(instance.frame, instance.step);
  Fingerprint fields;
  if (instance.number != kNone) {
    const bj::value& items = *in.steps[instance.step].values->items;
    fields.emplace_back(plan.definition.matrix.empty() ? "item" : "matrix",
                        digest_of(items.get_array()[instance.number]));
  }
  for (const std::uint32_t need : plan.needs) {
    make_history(instance.frame, need);
    const History& history = in.steps[need].values->history;
    fields.emplace_back("steps." + in.pipeline->steps[need].definition.name, history.digest);
    if (history.any_anew) anew.push_back(fields.back().first);
  }
  if (in.owner != kNone) {
    History& around = in.values->around;
    if (around.digest.empty()) {
      std::vector<std::string> outer;
      around.digest = digest_of(before(in.owner, outer));
      around.any_anew = !outer.empty();
    }
    fields.emplace_back("pipeline", around.digest);
    if (around.any_anew) anew.emplace_back("pipeline");
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

/// An answer holds for what was shown, and for all that led to it.
Fingerprint RunEngine::wait_fingerprint(std::uint32_t index, const bj::value& wait,
                                        std::vector<std::string>& anew) {
  Fingerprint fingerprint = before(index, anew);
  const bj::value& params = *frames_[instances_[index].frame].values->params;
  fingerprint.emplace_back("wait", digest_of(wait));
  fingerprint.emplace_back("params", digest_of(params));
  add_outputs(index, fingerprint);
  std::sort(fingerprint.begin(), fingerprint.end());
  return fingerprint;
}

}  // namespace waybill::pipeline
