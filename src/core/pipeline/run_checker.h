#pragma once

#include <optional>
#include <string>

#include "core/pipeline/run_model.h"

/// Watches the actions of a run, one after the other, and says which of them should not have been,
/// or which is missing.
namespace waybill::pipeline::model {

class Checker {
 public:
  Checker(const Model& model, const Uuid& run, Time begun)
      : model_(model), run_(run), begun_(begun), now_(begun) {}

  /// What was recorded before `action`, which comes next, at `now`. Empty: it is right.
  std::string see(const Records& records, const Action& action, Time now) {
    now_ = now;
    const std::string& path = path_of(action);
    const std::string problem = judge(records, action, path);
    return problem.empty() ? "" : problem + ": " + path;
  }

  /// When there is nothing to do until something ends, or its time comes. Empty: nothing was
  /// forgotten.
  std::string rest(const Records& records, Time now) {
    now_ = now;
    for (const auto& [path, record] : records) {
      if (record.state != NodeState::running) continue;
      if (record.due != Time{} && record.due <= now_ && record.stop == Stop::none) {
        return "its time has come: " + path;
      }
      if (path.empty() || kind_at(path) == StepKind::pipeline) {
        if (auto problem = rest_of_frame(records, path); !problem.empty()) return problem;
      }
      if (auto problem = rest_of_node(records, path, record); !problem.empty()) return problem;
    }
    return "";
  }

 private:
  /// Where a path leads: the pipeline with its prefix, the step, and which instance of it.
  struct Place {
    const Steps* steps = nullptr;
    std::string owner;
    std::string prefix;
    std::size_t step = 0;
    int number = -1;
    bool is_group = false;  ///< of a step with instances, the step as a whole

    const Step& get() const { return (*steps)[step]; }
    std::string step_path() const { return prefix + get().name; }
  };

  Place place_of(const std::string& path) const {
    Place place{.steps = &model_.outer};
    std::string name = path;
    if (const std::size_t slash = path.find('/'); slash != path.npos) {
      place.steps = &model_.inner;
      place.owner = path.substr(0, slash);
      place.prefix = path.substr(0, slash + 1);
      name = path.substr(slash + 1);
    }
    place.step = static_cast<std::size_t>(name[0] - 'a');
    if (name.size() > 1) place.number = std::stoi(name.substr(2));
    place.is_group = place.number < 0 && place.get().is_expanded();
    return place;
  }
  StepKind kind_at(const std::string& path) const {
    const Place place = place_of(path);
    return place.is_group ? StepKind::task : place.get().kind;
  }

  static std::optional<NodeState> ended(const Records& records, const std::string& path) {
    const auto found = records.find(path);
    if (found == records.end() || found->second.state == NodeState::running) return std::nullopt;
    return found->second.state;
  }

  Decision decision(const Records& records, const Place& place) const {
    const auto state_of = [&](std::size_t need) {
      return *ended(records, place.prefix + (*place.steps)[need].name);
    };
    const auto flag_of = [&](std::size_t need) {
      const std::string& outputs = records.at(place.prefix + (*place.steps)[need].name).outputs;
      return outputs.find("\"flag\":true") != std::string::npos;
    };
    return decide(*place.steps, place.step, state_of, flag_of, stop_of(records, place.owner));
  }
  static Stop stop_of(const Records& records, const std::string& path) {
    return records.at(path).stop;
  }
  bool needs_ended(const Records& records, const Place& place) const {
    const auto& needs = place.get().needs;
    return std::all_of(needs.begin(), needs.end(), [&](std::size_t need) {
      return ended(records, place.prefix + (*place.steps)[need].name).has_value();
    });
  }

  std::vector<std::string> instances(const Records& records, const Place& place) const {
    std::vector<std::string> paths;
    for (int i = 0;; ++i) {
      const std::string path = place.step_path() + "[" + std::to_string(i) + "]";
      if (!records.contains(path)) return paths;
      paths.push_back(path);
    }
  }

  std::string judge(const Records& records, const Action& action, const std::string& path) {
    const bool is_known = records.contains(path);
    if (path.empty()) {
      if (std::holds_alternative<action::Finish>(action)) return judge_frame(records, action, "");
      if (const auto* open = std::get_if<action::Open>(&action)) {
        if (open->due != after(begun_, model_.outer_limit)) return "another time limit";
      }
      return std::holds_alternative<action::Open>(action) && is_known ? "opened twice" : "";
    }
    if (ended(records, path)) return "something happens to what has ended";
    if (const auto* cancel = std::get_if<action::Cancel>(&action)) {
      return judge_cancel(records, *cancel);
    }
    if (const auto* start = std::get_if<action::Start>(&action)) {
      if (start->task.id != task_id(run_, path)) return "an id that does not follow from the path";
    }
    const Place place = place_of(path);
    const auto* finish = std::get_if<action::Finish>(&action);
    if (finish == nullptr && is_known) return "begun twice";
    if (finish == nullptr && due_in(action) != due_of(place)) return "due at another time";
    if (finish != nullptr && is_known && !place.is_group) {
      const bool is_early = place.get().pause != Duration::zero() &&
                            finish->state == NodeState::succeeded && records.at(path).due > now_;
      if (is_early) return "over before its time";
    }
    if (!is_known) {
      if (auto problem = judge_beginning(records, place, finish); !problem.empty()) return problem;
    }
    if (finish != nullptr && is_known && place.is_group)
      return judge_group(records, place, *finish);
    if (finish != nullptr && is_known && place.get().kind == StepKind::pipeline) {
      return judge_frame(records, action, path);
    }
    return "";
  }

  static Time after(Time now, Duration limit) {
    return limit == Duration::zero() ? Time{} : now + limit;
  }
  static Time due_in(const Action& action) {
    if (const auto* open = std::get_if<action::Open>(&action)) return open->due;
    const auto* wait = std::get_if<action::BeginWait>(&action);
    return wait == nullptr ? Time{} : wait->due;
  }
  /// When what begins now is over, or has to be.
  Time due_of(const Place& place) const {
    const Step& step = place.get();
    if (place.is_group) return {};
    Time due = after(now_, step.pause != Duration::zero() ? step.pause : step.limit);
    if (step.kind != StepKind::pipeline) return due;
    const Time inner = after(now_, model_.inner_limit);
    return due == Time{} || (inner != Time{} && inner < due) ? inner : due;
  }

  std::string judge_beginning(const Records& records, const Place& place,
                              const action::Finish* finish) const {
    if (place.number >= 0) return judge_instance(records, place, finish);
    if (!needs_ended(records, place)) return "decided before its needs ended";
    const Decision expected = decision(records, place);
    if (expected == Decision::skip) {
      const bool skipped = finish != nullptr && finish->state == NodeState::skipped;
      return skipped ? "" : "run though its if is false";
    }
    if (expected == Decision::fail) {
      const bool failed = finish != nullptr && finish->state == NodeState::failed;
      return failed ? "" : "run though its if can't be evaluated";
    }
    if (finish != nullptr && finish->state == NodeState::skipped) return "skipped though it is due";
    return "";
  }

  std::string judge_instance(const Records& records, const Place& place,
                             const action::Finish* finish) const {
    const auto group = records.find(place.step_path());
    if (group == records.end()) return "an instance before its step";
    std::uint32_t running = 0;
    bool failed = false;
    for (const std::string& path : instances(records, place)) {
      running += records.at(path).state == NodeState::running ? 1 : 0;
      failed = failed || records.at(path).state == NodeState::failed;
    }
    if (finish != nullptr) return "";
    const Step& step = place.get();
    if (step.max_parallel > 0 && running >= step.max_parallel) return "too many at a time";
    if (failed && step.fail_fast) return "begun after another instance failed";
    const bool goes_on = decision(records, place) == Decision::run;
    return goes_on ? "" : "begun though the run is to end";
  }

  std::string judge_cancel(const Records& records, const action::Cancel& cancel) const {
    const Place place = place_of(cancel.path);
    if (!records.contains(cancel.path)) return "cancelled before it began";
    if (cancel.stop == Stop::timeout) {
      const Time due = records.at(cancel.path).due;
      return due != Time{} && due <= now_ ? "" : "its time limit has not come";
    }
    if (decision(records, place) != Decision::run) return "";
    for (const std::string& path : instances(records, place)) {
      if (records.at(path).state == NodeState::failed && place.get().fail_fast) return "";
    }
    return "cancelled though it may go on";
  }

  std::string judge_group(const Records& records, const Place& place,
                          const action::Finish& finish) const {
    const Step& step = place.get();
    std::vector<NodeState> states;
    for (const std::string& path : instances(records, place)) {
      const auto state = ended(records, path);
      if (!state) return "ended before its instances";
      states.push_back(*state);
    }
    if (step.source < 0 && states.size() != static_cast<std::size_t>(step.width)) {
      return "ended without all its instances";
    }
    return finish.state == worst_of(states) ? "" : "another outcome than its instances'";
  }

  std::string judge_frame(const Records& records, const Action& action,
                          const std::string& owner) const {
    std::vector<NodeState> states;
    const Steps& steps = owner.empty() ? model_.outer : model_.inner;
    for (const Step& step : steps) {
      const auto state = ended(records, (owner.empty() ? "" : owner + "/") + step.name);
      if (!state) return "ended before its steps";
      states.push_back(*state);
    }
    const Stop stop = stop_of(records, owner);
    NodeState expected = stop == Stop::none ? worst_of(states) : NodeState::cancelled;
    if (stop == Stop::timeout) expected = NodeState::failed;
    return std::get<action::Finish>(action).state == expected ? ""
                                                              : "another outcome than its steps'";
  }

  std::string rest_of_frame(const Records& records, const std::string& owner) const {
    const std::string prefix = owner.empty() ? "" : owner + "/";
    for (const Step& step : owner.empty() ? model_.outer : model_.inner) {
      const Place place = place_of(prefix + step.name);
      if (!records.contains(place.step_path()) && needs_ended(records, place)) {
        return "never decided: " + place.step_path();
      }
    }
    return "";
  }

  std::string rest_of_node(const Records& records, const std::string& path,
                           const Record& record) const {
    if (path.empty()) return "";
    const Place place = place_of(path);
    const bool goes_on = decision(records, place) == Decision::run;
    const auto all = instances(records, place);
    const bool one_failed = std::any_of(all.begin(), all.end(), [&](const std::string& each) {
      return records.at(each).state == NodeState::failed;
    });
    const bool ends_early = !goes_on || (one_failed && place.get().fail_fast);
    if (place.is_group) {
      const auto running = std::count_if(all.begin(), all.end(), [&](const std::string& each) {
        return records.at(each).state == NodeState::running;
      });
      if (running == 0) return "a step that waits for nothing: " + path;
      const std::uint32_t parallel = place.get().max_parallel;
      const bool is_full = parallel > 0 && running >= static_cast<std::int64_t>(parallel);
      const bool is_whole =
          place.get().source >= 0 || all.size() == static_cast<std::size_t>(place.get().width);
      return is_full || is_whole ? "" : "an instance never begun: " + path;
    }
    if (ends_early && record.stop == Stop::none) return "never asked to end: " + path;
    return "";
  }

  const Model& model_;
  const Uuid run_;
  const Time begun_;
  Time now_{};
};

}  // namespace waybill::pipeline::model
