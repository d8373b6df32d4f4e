#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/pipeline/run.h"

/// A second, naive notion of what pipelines mean, to hold runs against: it knows no expressions, no
/// queues, no increments, and looks at everything each time.
namespace waybill::pipeline::model {

enum class If : std::uint8_t {
  none,
  always,
  failure,
  cancelled,
  not_cancelled,
  yes,         ///< true, and no status is asked
  no,          ///< false, and no status is asked
  always_not,  ///< asks, and is false all the same
  of_result,   ///< that the first need failed
  of_output,   ///< that the first need gave a flag
  broken,      ///< can't be evaluated
};

struct Step {
  std::string name;
  StepKind kind = StepKind::task;
  std::vector<std::size_t> needs;
  If condition = If::none;
  int width = -1;   ///< of a for_each or matrix; -1: none
  int source = -1;  ///< the need whose list a for_each takes; -1: its own
  bool is_matrix = false;
  std::uint32_t max_parallel = 0;
  bool fail_fast = true;
  Duration pause{};  ///< of a wait for a time; zero: it waits for an approval
  Duration limit{};  ///< of a wait for an approval or a pipeline; zero: none

  bool is_expanded() const { return width >= 0; }
};
using Steps = std::vector<Step>;

/// The outermost pipeline, and the one in it.
struct Model {
  Steps outer;
  Steps inner;
  Duration outer_limit{};
  Duration inner_limit{};
};

/// What comes of a task or approval that nobody asks to end: it follows from seed and path.
struct Fate {
  NodeState state = NodeState::succeeded;
  int list = 0;  ///< how many elements it gives
  bool flag = false;
};
inline Fate fate_of(std::uint64_t seed, const std::string& path) {
  std::uint64_t mixed = seed;
  for (const char c : path) mixed = (mixed ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
  Rng rng(mixed);
  const double chance = rng.unit();
  const NodeState state = chance < 0.7    ? NodeState::succeeded
                          : chance < 0.92 ? NodeState::failed
                                          : NodeState::cancelled;
  const int list = static_cast<int>(rng.below(4));
  return {.state = state, .list = list, .flag = rng.chance(0.5)};
}

inline Steps random_steps(Rng& rng, std::size_t count, bool is_outer, bool is_timed) {
  Steps steps(count);
  for (std::size_t i = 0; i < count; ++i) {
    Step& step = steps[i];
    step.name = std::string(1, static_cast<char>('a' + i));
    for (std::size_t need = 0; need < i; ++need) {
      if (rng.chance(0.35)) step.needs.push_back(need);
    }
    if (rng.chance(0.5)) step.condition = static_cast<If>(rng.below(11));
    const bool reads = step.condition == If::of_result || step.condition == If::of_output;
    if (reads && step.needs.empty()) step.condition = If::always;
    const double kind = rng.unit();
    if (kind < 0.15) step.kind = StepKind::wait;
    if (is_outer && kind > 0.8) step.kind = StepKind::pipeline;
    if (is_timed && step.kind == StepKind::wait && rng.chance(0.5)) {
      step.pause = std::chrono::minutes(30 * (1 + rng.below(3)));
    } else if (is_timed && step.kind != StepKind::task) {
      step.limit = std::chrono::hours(rng.below(3));
    }
    if (!rng.chance(0.4)) continue;
    step.is_matrix = rng.chance(0.4);
    step.width = static_cast<int>(rng.below(4)) + (step.is_matrix ? 1 : 0);
    step.max_parallel = static_cast<std::uint32_t>(rng.below(3));
    step.fail_fast = rng.chance(0.6);
    if (step.is_matrix || step.needs.empty() || !rng.chance(0.4)) continue;
    const std::size_t need = step.needs[rng.below(step.needs.size())];
    if (!steps[need].is_expanded() && steps[need].kind != StepKind::pipeline) {
      step.source = static_cast<int>(need);
    }
  }
  return steps;
}

/// `is_timed`: with limits, and waits for a time.
inline Model random_model(Rng& rng, bool is_timed) {
  Model model{.outer = random_steps(rng, 1 + rng.below(7), true, is_timed),
              .inner = random_steps(rng, 1 + rng.below(3), false, is_timed)};
  if (!is_timed) return model;
  model.outer_limit = std::chrono::hours(rng.below(6));
  model.inner_limit = std::chrono::hours(rng.below(3));
  return model;
}

inline std::string condition_text(const Step& step, const Steps& steps) {
  switch (step.condition) {
    case If::none:
      return "";
    case If::always:
      return "always()";
    case If::failure:
      return "failure()";
    case If::cancelled:
      return "${{ cancelled() }}";
    case If::not_cancelled:
      return "!cancelled()";
    case If::yes:
      return "params.yes";
    case If::no:
      return "params.no";
    case If::always_not:
      return "always() && params.no";
    case If::of_result:
      return "always() && steps." + steps[step.needs[0]].name + ".result == 'failed'";
    case If::of_output:
      return "always() && steps." + steps[step.needs[0]].name + ".outputs.flag";
    case If::broken:
      return "always() && fromJSON('x')";
  }
  return "";
}

inline StepDefinition definition_of(const Step& step, const Steps& steps) {
  StepDefinition made{.name = step.name, .kind = step.kind};
  if (step.kind == StepKind::task) made.task = "t";
  if (step.kind == StepKind::wait) made.wait = R"({"approval":{}})";
  if (step.pause != Duration::zero()) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(step.pause).count();
    made.wait = R"({"for":")" + std::to_string(minutes) + R"(m"})";
  }
  made.timeout = step.limit;
  if (step.kind == StepKind::pipeline) {
    made.pipeline = "q";
    made.with = R"({"yes":"${{ params.yes }}","no":false})";
  }
  for (const std::size_t need : step.needs) made.needs.push_back(steps[need].name);
  made.condition = condition_text(step, steps);
  if (!step.is_expanded()) return made;
  std::string list = "[";
  for (int i = 0; i < step.width; ++i) list += (i == 0 ? "" : ",") + std::to_string(i);
  list += "]";
  if (step.source >= 0) {
    const std::string& name = steps[static_cast<std::size_t>(step.source)].name;
    list = "\"steps." + name + ".outputs.list\"";
  }
  (step.is_matrix ? made.matrix : made.for_each) = step.is_matrix ? "{\"x\":" + list + "}" : list;
  made.max_parallel = step.max_parallel;
  made.fail_fast = step.fail_fast;
  return made;
}

inline PipelineDefinition pipeline_of(const std::string& name, const Steps& steps, Duration limit) {
  PipelineDefinition made{.name = name, .run_time_max = limit};
  // Last first, so that the order of the file is not one in which they could run.
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    made.steps.push_back(definition_of(*step, steps));
  }
  return made;
}

inline std::shared_ptr<const Plan> plan_of(const Model& model) {
  const Pipelines pipelines = {{"p", pipeline_of("p", model.outer, model.outer_limit)},
                               {"q", pipeline_of("q", model.inner, model.inner_limit)}};
  const TaskDefinitions tasks = {{"t", {.name = "t", .kind = "noop"}}};
  return Plan::make("p", pipelines, tasks).value();
}

/// Everything that a step needs, directly or not.
inline std::set<std::size_t> closure_of(const Steps& steps, std::size_t step) {
  std::set<std::size_t> all;
  for (const std::size_t need : steps[step].needs) {
    all.insert(need);
    for (const std::size_t further : closure_of(steps, need)) all.insert(further);
  }
  return all;
}

enum class Decision : std::uint8_t { run, skip, fail };

/// What is to become of a step when the states of all that it needs, and which of them gave a flag,
/// are known.
template <class StateOf, class FlagOf>
Decision decide(const Steps& steps, std::size_t index, const StateOf& state_of,
                const FlagOf& flag_of, Stop stop) {
  bool success = stop == Stop::none;
  bool failure = false;
  for (const std::size_t need : closure_of(steps, index)) {
    success = success && state_of(need) == NodeState::succeeded;
    failure = failure || state_of(need) == NodeState::failed;
  }
  const auto either = [](bool runs) { return runs ? Decision::run : Decision::skip; };
  if (stop == Stop::at_once) return Decision::skip;
  switch (steps[index].condition) {
    case If::none:
    case If::yes:
      return either(success);
    case If::always:
      return Decision::run;
    case If::failure:
      return either(failure && stop == Stop::none);
    case If::cancelled:
      return either(stop != Stop::none);
    case If::not_cancelled:
      return either(stop == Stop::none);
    case If::of_result:
      return either(state_of(steps[index].needs[0]) == NodeState::failed);
    case If::of_output:
      return either(flag_of(steps[index].needs[0]));
    case If::broken:
      return Decision::fail;
    case If::no:
    case If::always_not:
      return Decision::skip;
  }
  return Decision::skip;
}

/// Of instances, or of steps that make a pipeline: the worst.
inline NodeState worst_of(const std::vector<NodeState>& states) {
  const auto has = [&](NodeState state) {
    return std::find(states.begin(), states.end(), state) != states.end();
  };
  if (has(NodeState::failed)) return NodeState::failed;
  return has(NodeState::cancelled) ? NodeState::cancelled : NodeState::succeeded;
}

/// The states of all steps of a run that nobody cancels, whatever the order in which its tasks end.
class Expectation {
 public:
  Expectation(const Model& model, std::uint64_t seed) : model_(model), seed_(seed) {
    states_[""] = pipeline(model.outer, "");
  }
  const std::map<std::string, NodeState>& states() const { return states_; }

 private:
  NodeState pipeline(const Steps& steps, const std::string& prefix) {
    std::vector<NodeState> all;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      all.push_back(step(steps, i, prefix, all));
      states_[prefix + steps[i].name] = all.back();
    }
    return worst_of(all);
  }

  NodeState step(const Steps& steps, std::size_t index, const std::string& prefix,
                 const std::vector<NodeState>& before) {
    const Step& step = steps[index];
    const std::string path = prefix + step.name;
    const auto state_of = [&](std::size_t need) { return before[need]; };
    const auto flag_of = [&](std::size_t need) {
      return !steps[need].is_expanded() && steps[need].kind != StepKind::pipeline &&
             before[need] == NodeState::succeeded && fate_of(seed_, prefix + steps[need].name).flag;
    };
    const Decision decision = decide(steps, index, state_of, flag_of, Stop::none);
    if (decision == Decision::skip) return NodeState::skipped;
    if (decision == Decision::fail) return NodeState::failed;
    if (!step.is_expanded()) return instance(step, path);
    int width = step.width;
    if (step.source >= 0) {
      const auto source = static_cast<std::size_t>(step.source);
      if (before[source] != NodeState::succeeded) return NodeState::failed;  // there is no list
      width = fate_of(seed_, prefix + steps[source].name).list;
    }
    std::vector<NodeState> all;
    for (int i = 0; i < width; ++i) {
      all.push_back(instance(step, path + "[" + std::to_string(i) + "]"));
    }
    return worst_of(all);
  }

  NodeState instance(const Step& step, const std::string& path) {
    if (step.kind == StepKind::pipeline) return pipeline(model_.inner, path + "/");
    return fate_of(seed_, path).state;
  }

  const Model& model_;
  const std::uint64_t seed_;
  std::map<std::string, NodeState> states_;
};

}  // namespace waybill::pipeline::model
