// Which runs there are, and what people ask of them.

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "core/notify.h"
#include "core/pipeline/plan.h"
#include "services/open_run.h"
#include "services/pipeliner.h"

namespace waybill {
namespace {

namespace bj = boost::json;

using pipeline::KeptRun;
using pipeline::NodeState;
using pipeline::RunState;

constexpr std::size_t kLiveAtOnce = 500;
/// How long a run is left out after something went wrong with it.
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

Status Pipeliner::see(const KeptRun& run) {
  const SteadyTime now = ports_.clock.steady_now();
  auto found = runs_.find(run.id);
  if (found == runs_.end()) {
    const auto taken = take_up(run, now);
    if (!taken) return fail(taken.error());
    if (!*taken) return {};
    found = runs_.find(run.id);
  }
  Open& open = *found->second;
  if (open.held_until < now + params_.hold / 2) {
    const auto held = hold(run, 0);
    if (!held) return fail(held.error());
    if (!*held) {
      forget(run.id);
      return {};
    }
    open.held_until = now + params_.hold;
  }
  return run.asked == open.heard ? Status() : hear_of_asked(open, run);
}

Result<bool> Pipeliner::take_up(const KeptRun& run, SteadyTime now) {
  const bool runs = run.state == RunState::running;
  const auto left_alone = left_alone_until_.find(run.id);
  if (left_alone != left_alone_until_.end()) {
    if (left_alone->second > now) {
      held_by_others_ += runs ? 1 : 0;
      return false;
    }
    left_alone_until_.erase(left_alone);
  }
  std::uint32_t running_max = 0;
  // One that is to end needs no turn for that.
  if (!runs && run.stop.stop == pipeline::Stop::none) {
    const auto known = running_max_of(run);
    if (!known) return fail(known.error());
    running_max = *known;
    // Those that run come first: this one would be refused.
    if (running_max > 0 && running_[run.pipeline] >= running_max) return false;
  }
  const auto held = hold(run, running_max);
  if (!held) return fail(held.error());
  if (!*held) {
    held_by_others_ += runs ? 1 : 0;
    left_alone_until_[run.id] = now + kAskAgain;
    return false;
  }
  if (!runs) ++running_[run.pipeline];
  auto opened = open(run);
  if (!opened) return fail(opened.error());
  (*opened)->held_until = now + params_.hold;
  runs_.emplace(run.id, std::move(*opened));
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

Result<bool> Pipeliner::hold(const KeptRun& run, std::uint32_t running_max) {
  const Time now = ports_.clock.now();
  return ports_.store.hold({.id = run.id,
                            .holder = params_.holder,
                            .now = now,
                            .until = now + params_.hold,
                            .running_max = running_max});
}

Status Pipeliner::end_broken(const KeptRun& run, const Error& error) {
  log::error("run_broken", error.message, {{"run", to_string(run.id)}});
  left_alone_until_[run.id] = ports_.clock.steady_now() + kBrokenFor;
  forget(run.id);
  const bool is_for_good = error.code == Code::invalid_argument || error.code == Code::data_loss ||
                           error.code == Code::not_found;
  if (!is_for_good) return {};
  const auto held = hold(run, 0);
  if (!held) return fail(held.error());
  if (!*held) return {};
  RunSettlement settlement{.id = run.id,
                           .holder = params_.holder,
                           .at = ports_.clock.now(),
                           .tasks = {},
                           .nodes = {},
                           .state = RunState::failed,
                           .outputs = {},
                           .error = "it cannot be carried on: " + error.message};
  // Without its plan nobody knows who is to be told.
  const auto plan = plan_of(run);
  Status settled =
      plan ? settle(run, **plan, std::move(settlement)) : ports_.store.settle(settlement);
  if (!settled && settled.error().code == Code::aborted) return {};
  return settled;
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
