// Which runs there are, and what people ask of them.

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "core/notify.h"
#include "core/pipeline/plan.h"
#include "core/run_prefix.h"
#include "services/open_run.h"
#include "services/pipeliner.h"

namespace waybill {
namespace {

namespace bj = boost::json;

using pipeline::KeptRun;
using pipeline::NodeState;
using pipeline::RunState;

constexpr std::size_t kLiveAtOnce = 500;
/// How long a run is left alone with which something went wrong: what passes, and else.
constexpr Duration kTroubledFor = std::chrono::seconds(1);
constexpr Duration kBrokenFor = std::chrono::seconds(10);
/// How soon a run is wanted again that another server held.
constexpr Duration kAskAgain = std::chrono::milliseconds(500);
constexpr std::size_t kPlansKnownMax = 1'000;

pipeline::Ended ended_of(const pipeline::Decision& decision, std::string path) {
  pipeline::Ended ended{.path = std::move(path),
                        .result = {},
                        .error = {},
                        .kind = pipeline::EndedKind::approval,
                        .at = decision.at};
  if (decision.approved) {
    ended.result = json::serialize(bj::object{{"approved_by", json::text(decision.by)},
                                              {"comment", json::text(decision.comment)}});
    return ended;
  }
  ended.state = NodeState::failed;
  ended.error = "rejected by " + decision.by;
  if (!decision.comment.empty()) ended.error += ": " + decision.comment;
  return ended;
}

}  // namespace

Status Pipeliner::look(const Deadline& deadline) {
  const Time began = ports_.clock.now();
  held_by_others_ = 0;
  live_ = 0;
  running_.clear();
  std::erase_if(left_alone_until_,
                [&](const auto& entry) { return entry.second <= ports_.clock.steady_now(); });
  std::string cursor;
  do {
    const auto page = ports_.store.page(
        {.is_live = true, .cursor = cursor, .limit = kLiveAtOnce, .with_texts = false});
    if (!page) return fail(page.error());
    if (Status held = hold_running(page->runs); !held) return held;
    for (const KeptRun& run : page->runs) {
      if (deadline.stop_requested()) return {};
      ++live_;
      if (run.state == RunState::running) ++running_[run.pipeline];
      Status saw = see(run);
      if (saw) continue;
      if (Status ended = end_broken(run, saw.error()); !ended) return ended;
    }
    cursor = page->next_cursor;
  } while (!cursor.empty());
  looked_at_ = began;
  return {};
}

RunHold Pipeliner::hold_of(const Uuid& run, std::uint32_t running_max) const {
  const Time now = ports_.clock.now();
  return {.id = run,
          .holder = params_.holder,
          .now = now,
          .until = now + params_.hold,
          .running_max = running_max};
}

bool Pipeliner::is_left_alone(const Uuid& run) { return left_alone_until_.contains(run); }

void Pipeliner::leave_alone(const Uuid& run, const Error& error) {
  const bool passes = error.code == Code::unavailable || error.code == Code::deadline_exceeded ||
                      error.code == Code::resource_exhausted;
  log::warn("run_left_alone", error.message, {{"run", to_string(run)}});
  left_alone_until_[run] = ports_.clock.steady_now() + (passes ? kTroubledFor : kBrokenFor);
}

Status Pipeliner::hold_running(const std::vector<KeptRun>& runs) {
  const SteadyTime now = ports_.clock.steady_now();
  newly_held_.clear();
  std::vector<RunHold> holds;
  for (const KeptRun& run : runs) {
    const auto found = runs_.find(run.id);
    const bool is_wanted = found != runs_.end()
                               ? found->second->held_until < now + params_.hold / 2
                               : run.state == RunState::running && !is_left_alone(run.id);
    if (is_wanted) holds.push_back(hold_of(run.id, 0));
  }
  if (holds.empty()) return {};
  const auto held = ports_.store.hold(holds);
  if (!held) return fail(held.error());
  for (std::size_t i = 0; i < holds.size(); ++i) {
    const Uuid& id = holds[i].id;
    if (!(*held)[i]) {
      forget(id);
      left_alone_until_[id] = now + kAskAgain;
      continue;
    }
    const auto found = runs_.find(id);
    const SteadyTime until = now + params_.hold;
    found != runs_.end() ? void(found->second->held_until = until)
                         : void(newly_held_.emplace(id, until));
  }
  return {};
}

Status Pipeliner::see(const KeptRun& run) {
  auto found = runs_.find(run.id);
  if (found == runs_.end()) {
    const auto taken = take_up(run);
    if (!taken) return fail(taken.error());
    if (!*taken) return {};
    found = runs_.find(run.id);
  }
  Open& open = *found->second;
  return run.asked == open.heard ? Status() : hear_of_asked(open, run);
}

Result<bool> Pipeliner::take_up(const KeptRun& run) {
  const SteadyTime now = ports_.clock.steady_now();
  SteadyTime held_until = now + params_.hold;
  if (run.state == RunState::running) {
    const auto newly = newly_held_.find(run.id);
    bool is_held = newly != newly_held_.end();
    if (is_held && newly->second < now + params_.hold / 2) {
      // Opening those before it has taken long.
      const auto longer = hold_one(ports_.store, hold_of(run.id, 0));
      if (!longer) return longer;
      is_held = *longer;
    } else if (is_held) {
      held_until = newly->second;
    }
    held_by_others_ += is_held ? 0 : 1;
    if (!is_held) return false;
  } else {
    if (is_left_alone(run.id)) return false;
    const auto began = begin_waiting(run);
    if (!began || !*began) return began;
  }
  auto opened = open(run);
  if (!opened) return fail(opened.error());
  (*opened)->held_until = held_until;
  runs_.emplace(run.id, std::move(*opened));
  return true;
}

Result<bool> Pipeliner::begin_waiting(const KeptRun& run) {
  std::uint32_t running_max = 0;
  // One that is to end needs no turn for that.
  if (run.stop.stop == pipeline::Stop::none) {
    const auto known = running_max_of(run);
    if (!known) return fail(known.error());
    running_max = *known;
    // Those that run come first: this one would be refused.
    if (running_max > 0 && running_[run.pipeline] >= running_max) return false;
  }
  const auto held = hold_one(ports_.store, hold_of(run.id, running_max));
  if (!held) return held;
  if (!*held) {
    left_alone_until_[run.id] = ports_.clock.steady_now() + kAskAgain;
    return false;
  }
  ++running_[run.pipeline];
  return true;
}

Result<std::uint32_t> Pipeliner::running_max_of(const KeptRun& run) {
  const auto known = running_max_.find(run.plan);
  if (known != running_max_.end()) return known->second;
  const auto plan = plan_of(run);
  if (!plan) return fail(plan.error());
  if (running_max_.size() >= kPlansKnownMax) running_max_.clear();
  return running_max_[run.plan] = (*plan)->root().definition.concurrency;
}

Status Pipeliner::end_broken(const KeptRun& run, const Error& error) {
  leave_alone(run.id, error);
  forget(run.id);
  const bool is_for_good = error.code == Code::invalid_argument || error.code == Code::data_loss ||
                           error.code == Code::not_found;
  if (!is_for_good) return {};
  log::error("run_broken", error.message, {{"run", to_string(run.id)}});
  const auto held = hold_one(ports_.store, hold_of(run.id, 0));
  if (!held) return fail(held.error());
  if (!*held) return {};
  // First, so that the next server does it if this one ends here.
  const std::string why = "it cannot be carried on: " + error.message;
  if (Status ended = end_tasks_of(run.id, why); !ended) return ended;
  RunSettlement settlement{.id = run.id,
                           .holder = params_.holder,
                           .at = ports_.clock.now(),
                           .tasks = {},
                           .nodes = {},
                           .state = RunState::failed,
                           .outputs = {},
                           .error = why};
  // Without its plan nobody knows who is to be told.
  const auto plan = plan_of(run);
  Status settled =
      plan ? settle(run, **plan, std::move(settlement)) : ports_.store.settle(settlement);
  if (!settled && settled.error().code == Code::aborted) return {};
  return settled;
}

Status Pipeliner::end_tasks_of(const Uuid& run, const std::string& reason) {
  PageParams live{.filter = {.created_by = std::string(kRunPrefix) + to_string(run)},
                  .limit = kLiveAtOnce};
  for (int i = 0; i < kStateCount; ++i) {
    if (!is_finished(State(i))) live.filter.states.push_back(State(i));
  }
  do {
    const auto page = ports_.ledger.reader.page(live);
    if (!page) return fail(page.error());
    for (const Task& task : page->tasks) {
      const Uuid& id = task.request.id;
      Status ended = end_task({.path = to_string(id), .id = id, .reason = reason});
      if (!ended) return ended;
    }
    live.cursor = page->next_cursor;
  } while (!live.cursor.empty());
  return {};
}

Status Pipeliner::settle(const KeptRun& run, const pipeline::Plan& plan, RunSettlement settlement) {
  const std::string& notify = plan.root().definition.notify;
  if (!pipeline::is_ended(settlement.state) || notify.empty()) {
    return ports_.store.settle(settlement);
  }
  auto ended = ports_.store.get(run.id);
  if (!ended) return fail(ended.error());
  ended->state = settlement.state;
  ended->ended_at = settlement.at;
  ended->outputs = settlement.outputs;
  ended->error = settlement.error;
  std::vector<TaskRequest> told = notifications_of(*ended, notify);
  const std::size_t others = settlement.tasks.size();
  std::move(told.begin(), told.end(), std::back_inserter(settlement.tasks));
  const Status settled = ports_.store.settle(settlement);
  const bool is_full = !settled && settled.error().code == Code::out_of_range;
  if (!is_full || settlement.tasks.size() == others) return settled;
  // That a ledger is full of queues must not keep a run from ending.
  log::error("notification_dropped", settled.error().message, {{"run", to_string(run.id)}});
  settlement.tasks.resize(others);
  return ports_.store.settle(settlement);
}

Status Pipeliner::hear_of_asked(Open& open, const KeptRun& run) {
  const auto waits = ports_.store.nodes({.run = run.id,
                                         .states = {NodeState::running},
                                         .waits_only = true,
                                         .after = {},
                                         .limit = pipeline::kInstancesMax});
  if (!waits) return fail(waits.error());
  for (const pipeline::KeptNode& node : *waits) {
    if (node.decision) open.run->ended(ended_of(*node.decision, node.path));
  }
  if (run.stop.stop != pipeline::Stop::none) {
    std::string reason = "cancelled by " + run.stop.by;
    if (!run.stop.reason.empty()) reason += ": " + run.stop.reason;
    open.run->cancel(run.stop.stop, reason);
  }
  open.heard = run.asked;
  open.is_dirty = true;
  return {};
}

}  // namespace waybill
