#include "tests/explorer/explore.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <unordered_set>

namespace waybill::explorer {
namespace {

static_assert(std::has_unique_object_representations_v<World>, "a world is hashed by its bytes");

struct HashWorld {
  std::size_t operator()(const World& world) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(&world), sizeof world});
  }
};

std::vector<Action> all_actions() {
  std::vector<Action> actions;
  for (std::int8_t v = 0; v < kVerbCount; ++v) {
    const auto verb = static_cast<Verb>(v);
    const int workers = verb <= Verb::forget ? kWorkers : 1;
    const bool of_a_task = verb == Verb::claim || verb == Verb::rescuer_looks ||
                           verb == Verb::person_cancels || verb == Verb::person_retries;
    for (std::int8_t worker = 0; worker < workers; ++worker) {
      for (std::int8_t task = 0; task < (of_a_task ? kTasks : 1); ++task) {
        actions.push_back({.verb = verb, .worker = worker, .task = task});
      }
    }
  }
  return actions;
}

/// A world that was reached, and how.
struct Node {
  const World* world = nullptr;
  std::size_t parent = 0;
  Action action;  ///< in the parent's names
  Names names;    ///< how this world's names follow from the parent's
};

/// The way to a node and one action further, told in the names of the first world.
std::vector<std::string> trace_to(const std::vector<Node>& nodes, std::size_t index,
                                  const Action& last) {
  std::vector<const Node*> path;
  for (; index != 0; index = nodes[index].parent) path.push_back(&nodes[index]);
  std::vector<std::string> trace;
  Names names;
  const auto tell = [&](Action action) {
    action.worker = static_cast<std::int8_t>(action.worker ^ names.swap_workers);
    action.task = static_cast<std::int8_t>(action.task ^ names.swap_tasks);
    trace.push_back(to_string(action));
  };
  for (auto node = path.rbegin(); node != path.rend(); ++node) {
    tell((*node)->action);
    names.swap_workers ^= (*node)->names.swap_workers;
    names.swap_tasks ^= (*node)->names.swap_tasks;
  }
  tell(last);
  return trace;
}

World begin_with(const Cell& second, const Budget& budget) {
  World world;
  world.budget = budget;
  world.dependent = second.waiting_for > 0;
  world.stored[0] = to_cell(accept(TaskRequest{}, 0, now()).status);
  world.stored[1] = second;
  return normalise(world).world;
}

}  // namespace

Exploration explore(const World& initial, const Rules& rules) {
  static const std::vector<Action> kActions = all_actions();
  Exploration result;
  std::unordered_set<World, HashWorld> known;
  std::vector<Node> nodes;
  const auto reach = [&](const World& world, std::size_t parent, const Action& action) {
    const Normal normal = normalise(world);
    const auto [place, is_new] = known.insert(normal.world);
    if (is_new) nodes.push_back({&*place, parent, action, normal.names});
  };
  reach(initial, 0, {});
  for (std::size_t next = 0; next < nodes.size(); ++next) {
    for (const Action& action : kActions) {
      auto step = act(*nodes[next].world, action, rules);
      if (!step) continue;
      ++result.actions;
      if (step->world != *nodes[next].world) {
        ++result.verbs[static_cast<std::size_t>(action.verb)];
      }
      if (step->violation) {
        result.violation = std::move(step->violation);
        result.trace = trace_to(nodes, next, action);
        result.worlds = nodes.size();
        return result;
      }
      reach(step->world, next, action);
    }
  }
  result.worlds = nodes.size();
  return result;
}

std::string Exploration::report() const {
  std::string text = std::to_string(worlds) + " worlds, " + std::to_string(actions) + " actions";
  if (!violation) return text + ", no violation";
  text += ", " + std::string(to_string(violation->invariant)) + " broken: " + violation->what;
  for (const std::string& step : trace) text += "\n  " + step;
  return text;
}

World independent_tasks(const Budget& budget) {
  return begin_with(to_cell(accept(TaskRequest{}, 0, now()).status), budget);
}

World dependent_tasks(const Budget& budget) {
  return begin_with(to_cell(accept(TaskRequest{}, 1, now()).status), budget);
}

}  // namespace waybill::explorer
