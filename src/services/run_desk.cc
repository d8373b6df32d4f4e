#include "services/run_desk.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/json.h"
#include "core/notify.h"
#include "core/suggest.h"

namespace waybill {
namespace {

using pipeline::KeptNode;
using pipeline::KeptRun;
using pipeline::NodeState;

using pipeline::BegunAs;
using pipeline::PlanPipeline;
using pipeline::PlanStep;

constexpr std::size_t kPageOfNodes = 500;

/// What was done, or would be again: tasks and waits.
bool is_work(const KeptNode& node) { return !node.record.fingerprint.empty(); }

/// What kept a step from being reused that no fingerprint shows.
class BesidesFingerprints {
 public:
  struct Params {
    const pipeline::Plan& plan;
    const KeptRun& run;
    const std::vector<KeptNode>& nodes;  ///< of the run, all
    bool was_to_reuse = false;           ///< the run that it is held against
  };
  explicit BesidesFingerprints(const Params& params) : params_(params) {
    for (const KeptNode& node : params.nodes) {
      if (is_work(node) && !node.is_reused) done_.insert(node.path);
    }
    const PlanPipeline& root = params.plan.root();
    std::vector<std::uint32_t> left;
    for (const std::string& name : params.run.anew) {
      const auto found = root.indices.find(name);
      if (found != root.indices.end()) left.push_back(found->second);
    }
    while (!left.empty()) {
      const std::uint32_t at = left.back();
      left.pop_back();
      const PlanStep& step = root.steps[at];
      if (!anew_.insert(step.definition.name).second) continue;
      left.insert(left.end(), step.needed_by.begin(), step.needed_by.end());
    }
  }

  /// The fields; none: it was to be done anew.
  std::vector<std::string> of(const KeptNode& node) const {
    const std::string& path = node.path;
    if (!params_.was_to_reuse || anew_.contains(path.substr(0, path.find_first_of("[/")))) {
      return {};
    }
    if (node.kind == BegunAs::wait) return done_before(path);
    return {"artifacts"};
  }

 private:
  /// What a wait needs that was done anew, as its run names it: an answer holds for what led to it.
  std::vector<std::string> done_before(const std::string& path) const {
    std::vector<std::string> fields;
    const std::size_t slash = path.rfind('/');
    const std::string outer = slash == path.npos ? "" : path.substr(0, slash);
    const PlanPipeline* in = &params_.plan.root();
    if (!outer.empty()) {
      if (!done_before(outer).empty()) fields.emplace_back("pipeline");
      const PlanStep* const owner = params_.plan.step_of(outer);
      in = owner == nullptr ? nullptr : owner->pipeline;
    }
    const PlanStep* const step = params_.plan.step_of(path);
    if (in == nullptr || step == nullptr) return fields;
    const std::string prefix = outer.empty() ? "" : outer + "/";
    for (const std::uint32_t need : step->needs) {
      std::set<std::uint32_t> seen;
      if (was_done(*in, prefix, need, seen)) {
        fields.push_back("steps." + in->steps[need].definition.name);
      }
    }
    std::sort(fields.begin(), fields.end());
    return fields;
  }

  /// Whether the step, or one before it, was not reused.
  bool was_done(const PlanPipeline& in, const std::string& prefix, std::uint32_t at,
                std::set<std::uint32_t>& seen) const {
    std::vector<std::uint32_t> left = {at};
    while (!left.empty()) {
      const std::uint32_t next = left.back();
      left.pop_back();
      if (!seen.insert(next).second) continue;
      const PlanStep& step = in.steps[next];
      const std::string path = prefix + step.definition.name;
      if (done_.contains(path) || any_done_below(path + "[") || any_done_below(path + "/")) {
        return true;
      }
      left.insert(left.end(), step.needs.begin(), step.needs.end());
    }
    return false;
  }
  bool any_done_below(const std::string& first) const {
    const auto found = done_.lower_bound(first);
    return found != done_.end() && found->starts_with(first);
  }

  const Params params_;
  std::set<std::string> done_;  ///< paths of what was not reused
  std::set<std::string> anew_;  ///< steps that were to be done anew, and all that need them
};

StepReason reason_of(const KeptNode& node, const std::map<std::string, const KeptNode*>& others,
                     const BesidesFingerprints& besides) {
  StepReason reason{.path = node.path, .fields = {}};
  if (node.is_reused) {
    reason.is = StepReason::Is::reused;
    return reason;
  }
  if (!is_work(node)) return reason;
  const auto other = others.find(node.path);
  if (other == others.end()) {
    reason.is = StepReason::Is::is_new;
  } else if (other->second->record.state != NodeState::succeeded) {
    reason.is = StepReason::Is::unfinished;
  } else {
    reason.fields =
        pipeline::differences(other->second->record.fingerprint, node.record.fingerprint);
    if (reason.fields.empty()) reason.fields = besides.of(node);
    reason.is = reason.fields.empty() ? StepReason::Is::asked : StepReason::Is::differs;
  }
  return reason;
}

}  // namespace

std::string_view to_string(StepReason::Is is) {
  constexpr std::array<std::string_view, 6> kNames = {"reused",  "new",   "unfinished",
                                                      "differs", "asked", "undecided"};
  return kNames[static_cast<std::size_t>(is)];
}

boost::json::array to_json(const std::vector<StepReason>& reasons) {
  namespace bj = boost::json;
  bj::array array;
  for (const StepReason& reason : reasons) {
    bj::array fields;
    for (const std::string& field : reason.fields) fields.push_back(json::text(field));
    array.push_back(bj::object{{"path", json::text(reason.path)},
                               {"is", json::text(to_string(reason.is))},
                               {"fields", std::move(fields)}});
  }
  return array;
}

namespace {

Result<pipeline::PipelineDefinition> find_pipeline(const Definitions& definitions,
                                                   const std::string& name) {
  const auto found = definitions.pipelines.find(name);
  if (found != definitions.pipelines.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [each, definition] : definitions.pipelines) known.push_back(each);
  return fail(Code::not_found, "there is no pipeline \"" + name + "\" in the definitions" +
                                   did_you_mean(name, known));
}

}  // namespace

Result<pipeline::PipelineDefinition> RunDesk::pipeline(const std::string& name) const {
  return find_pipeline(*ports_.definitions(), name);
}

Result<std::shared_ptr<const pipeline::Plan>> RunDesk::plan(const std::string& name) const {
  const auto now = ports_.definitions();
  if (const auto there = find_pipeline(*now, name); !there) return fail(there.error());
  return pipeline::Plan::make(name, now->pipelines, now->tasks);
}

Result<std::shared_ptr<const pipeline::Plan>> RunDesk::plan(const std::string& name,
                                                            const std::string& notify) const {
  if (notify.empty()) return plan(name);
  const auto now = ports_.definitions();
  if (const auto there = find_pipeline(*now, name); !there) return fail(there.error());
  pipeline::Pipelines pipelines = now->pipelines;
  std::string& rules = pipelines.at(name).notify;
  rules = merge_notify(rules, notify);
  return pipeline::Plan::make(name, pipelines, now->tasks);
}

Result<NewRun> RunDesk::prepare(const StartRun& start) const {
  const auto plan = this->plan(start.pipeline, start.notify);
  if (!plan) return fail(plan.error());
  const Time now = ports_.clock.now();
  const auto fits = pipeline::Run::open(*plan, {.id = start.id,
                                                .params = start.params,
                                                .created_by = start.created_by,
                                                .created_at = now,
                                                .reusable = {}});
  if (!fits) return fail(fits.error());
  if (Status known = pipeline::check_anew(**plan, start.anew); !known) return fail(known.error());
  if (!start.reuse_from.is_nil()) {
    const auto before = ports_.store.get(start.reuse_from);
    if (!before) return fail(before.error());
    if (before->pipeline != start.pipeline) {
      return fail(Code::invalid_argument, "run " + to_string(start.reuse_from) + " is one of " +
                                              before->pipeline + ": nothing of it can be reused");
    }
  }
  std::string text = (*plan)->to_json_text();
  std::string digest = pipeline::plan_digest(text);
  return NewRun{.run = {.id = start.id,
                        .pipeline = start.pipeline,
                        .plan = std::move(digest),
                        .params = start.params,
                        .priority = start.priority,
                        .reuse_from = start.reuse_from,
                        .anew = start.anew,
                        .created_by = start.created_by,
                        .created_at = now,
                        .outputs = {},
                        .error = {},
                        .stop = {}},
                .plan = std::move(text)};
}

Result<KeptRun> RunDesk::start(const StartRun& start) {
  // One that is there is answered whatever has become of its definitions.
  auto run = ports_.store.get(start.id);
  if (!run && run.error().code != Code::not_found) return run;
  if (!run) {
    const auto made = prepare(start);
    if (!made) return fail(made.error());
    if (const auto done = ports_.store.create(*made); !done) return fail(done.error());
    run = ports_.store.get(start.id);
    if (!run) return run;
  }
  const bool is_it = run->pipeline == start.pipeline && run->params == start.params &&
                     run->priority == start.priority && run->reuse_from == start.reuse_from &&
                     run->anew == start.anew;
  if (is_it) return run;
  return fail(Code::already_exists, "run " + to_string(start.id) +
                                        " is there already, of another pipeline or with other "
                                        "params; take another id");
}

Result<StartRun> RunDesk::plan_retry(const RetryRun& retry) const {
  const auto run = ports_.store.get(retry.of);
  if (!run) return fail(run.error());
  if (!is_ended(run->state)) {
    return fail(Code::failed_precondition,
                "run " + to_string(retry.of) + " has not ended; cancel it first, or wait for it");
  }
  return StartRun{.id = retry.id,
                  .pipeline = run->pipeline,
                  .params = retry.params.value_or(run->params),
                  .priority = run->priority,
                  .reuse_from = run->id,
                  .anew = retry.anew,
                  .created_by = retry.created_by};
}

Result<std::vector<KeptNode>> RunDesk::all_nodes(const Uuid& id) const {
  std::vector<KeptNode> nodes;
  for (;;) {
    auto page = ports_.store.nodes({.run = id,
                                    .states = {},
                                    .after = nodes.empty() ? "" : nodes.back().path,
                                    .with_root = nodes.empty(),
                                    .limit = kPageOfNodes});
    if (!page) return fail(page.error());
    const bool is_all = page->size() < kPageOfNodes;
    nodes.insert(nodes.end(), std::make_move_iterator(page->begin()),
                 std::make_move_iterator(page->end()));
    if (is_all) return nodes;
  }
}

Result<std::shared_ptr<const pipeline::Plan>> RunDesk::plan_of(const KeptRun& run) const {
  const auto text = ports_.store.plan(run.plan);
  if (!text) return fail(text.error());
  return pipeline::Plan::read(*text);
}

Result<KeptRun> RunDesk::cancel(const Uuid& id, pipeline::StopAsked stop) {
  const RunAsk ask{.id = id, .at = ports_.clock.now(), .stop = std::move(stop)};
  if (Status asked = ports_.store.ask(ask); !asked) return fail(asked.error());
  return ports_.store.get(id);
}

Result<KeptRun> RunDesk::decide(const Uuid& id, const std::string& path,
                                pipeline::Decision decision) {
  decision.at = ports_.clock.now();
  const RunAsk ask{.id = id, .at = decision.at, .path = path, .decision = std::move(decision)};
  if (Status asked = ports_.store.ask(ask); !asked) return fail(asked.error());
  return ports_.store.get(id);
}

Result<KeptNode> RunDesk::approval(const Uuid& id, const std::string& path) const {
  const auto run = ports_.store.get(id);
  if (!run) return fail(run.error());
  const auto waits = ports_.store.nodes({.run = id,
                                         .states = {NodeState::running},
                                         .waits_only = true,
                                         .after = {},
                                         .limit = pipeline::kInstancesMax});
  if (!waits) return fail(waits.error());
  std::vector<const KeptNode*> open;
  for (const KeptNode& node : *waits) {
    const bool is_open = node.wait && node.wait->kind == pipeline::WaitKind::approval &&
                         !node.decision && (path.empty() || node.path == path);
    if (is_open) open.push_back(&node);
  }
  if (open.empty() && path.empty()) {
    return fail(Code::failed_precondition, "run " + to_string(id) + " waits for no approval");
  }
  if (open.empty()) return fail(no_open_approval({.id = id, .path = path}));
  if (open.size() == 1) return *open.front();
  std::string paths;
  for (const KeptNode* node : open) paths += (paths.empty() ? "" : ", ") + node->path;
  return fail(Code::invalid_argument,
              "run " + to_string(id) + " waits for several approvals; which one: " + paths + "?");
}

Result<std::vector<StepReason>> RunDesk::explain(const Uuid& id, const Uuid& other) const {
  const auto run = ports_.store.get(id);
  if (!run) return fail(run.error());
  const Uuid against = other.is_nil() ? run->reuse_from : other;
  if (against.is_nil()) {
    return fail(Code::failed_precondition,
                "run " + to_string(id) + " reuses no other; name the one to hold it against");
  }
  if (const auto before = ports_.store.get(against); !before) return fail(before.error());
  const auto nodes = all_nodes(id);
  if (!nodes) return fail(nodes.error());
  const auto before = all_nodes(against);
  if (!before) return fail(before.error());
  const auto plan = plan_of(*run);
  if (!plan) return fail(plan.error());
  std::map<std::string, const KeptNode*> others;
  for (const KeptNode& node : *before) {
    if (is_work(node)) others.emplace(node.path, &node);
  }
  const BesidesFingerprints besides(
      {.plan = **plan, .run = *run, .nodes = *nodes, .was_to_reuse = against == run->reuse_from});
  std::vector<StepReason> reasons;
  for (const KeptNode& node : *nodes) {
    if (node.path.empty() || node.kind == BegunAs::group) continue;
    reasons.push_back(reason_of(node, others, besides));
  }
  return reasons;
}

}  // namespace waybill
