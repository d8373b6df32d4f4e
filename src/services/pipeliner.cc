#include "services/pipeliner.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "core/pipeline/inputs.h"
#include "core/pipeline/plan.h"
#include "services/open_run.h"
#include "services/provenance_desk.h"
#include "services/task_change.h"

namespace waybill {
namespace {

namespace bj = boost::json;

using pipeline::KeptRun;
using pipeline::NodeState;
using pipeline::RunState;

constexpr std::size_t kChangesAtOnce = 1'000;
constexpr Duration kTidyEvery = std::chrono::minutes(1);
constexpr std::size_t kRemovedAtOnce = 20;
/// A time that is further off keeps nobody waiting for it.
constexpr Duration kSoon = std::chrono::minutes(1);

NodeState node_state_of(State state) {
  if (state == State::succeeded) return NodeState::succeeded;
  return state == State::failed ? NodeState::failed : NodeState::cancelled;
}

pipeline::Ended ended_of(const Task& task, std::string path) {
  const TaskStatus& status = task.status;
  const bool succeeded = status.state == State::succeeded;
  std::string error = succeeded ? "" : status.error;
  if (error.empty() && status.state == State::cancelled) error = status.cancel.reason;
  return {.path = std::move(path),
          .state = node_state_of(status.state),
          .result = succeeded ? status.result : "",
          .error = std::move(error),
          .kind = pipeline::EndedKind::task};
}

}  // namespace

Pipeliner::Pipeliner(Ports ports, PipelinerParams params)
    : ports_(std::move(ports)), params_(std::move(params)) {}
Pipeliner::~Pipeliner() = default;

RunsAtRest Pipeliner::at_rest() const {
  const Lock lock(mutex_);
  return rest_;
}

void Pipeliner::release() {
  std::vector<RunHold> ends;
  for (const auto& [id, open] : runs_) {
    ends.push_back(hold_of(id, 0));
    ends.back().until = ends.back().now;
    ports_.urls.drop_run(id);
  }
  if (!ends.empty()) {
    // If it cannot be told, the others wait until they are held no more.
    const auto let_go = ports_.store.hold(ends);
    if (!let_go) log::warn("runs_not_released", let_go.error().message, {{"runs", ends.size()}});
  }
  runs_.clear();
  run_of_task_.clear();
}

Result<Duration> Pipeliner::step(const Deadline& deadline) {
  if (Status read = read_news(); !read) return fail(read.error());
  if (Status read = read_urls(); !read) return fail(read.error());
  const std::uint64_t sequence = seen_;
  if (ports_.clock.steady_now() >= next_look_) {
    if (Status looked = look(deadline); !looked) return fail(looked.error());
    next_look_ = ports_.clock.steady_now() + params_.look_every;
  }
  bool any = false;
  std::vector<Uuid> ids;
  for (const auto& [id, open] : runs_) ids.push_back(id);
  for (const Uuid& id : ids) {
    const auto found = runs_.find(id);
    Open& open = *found->second;
    if (deadline.stop_requested()) return Duration::zero();
    if (!open.is_dirty && open.run->next_at() > ports_.clock.now()) continue;
    any = true;
    if (Status done = advance(open); !done) {
      if (done.error().code == Code::invalid_argument) {
        const KeptRun run = open.kept;
        if (Status ended = end_broken(run, done.error()); !ended) return fail(ended.error());
        continue;
      }
      if (done.error().code != Code::aborted) {
        leave_alone(id, done.error());
      }
      forget(id);
    }
  }
  if (Status tidied = tidy(); !tidied) return fail(tidied.error());
  if (any) return Duration::zero();
  note_rest(sequence);
  const SteadyTime until = std::min(deadline.at, next_look_);
  // With no run in memory nothing that happens to tasks matters.
  if (runs_.empty()) return until - ports_.clock.steady_now();
  const auto last = ports_.ledger.reader.last_sequence(seen_, {.at = until, .stop = deadline.stop});
  if (!last) return fail(last.error());
  return Duration::zero();
}

void Pipeliner::note_rest(std::uint64_t sequence) {
  RunsAtRest rest{.is_at_rest = held_by_others_ == 0,
                  .sequence = sequence,
                  .looked_at = looked_at_,
                  .live = live_};
  for (const auto& [id, open] : runs_) {
    if (is_moving(*open)) rest.is_at_rest = false;
  }
  const Lock lock(mutex_);
  rest_ = rest;
}

bool Pipeliner::is_moving(const Open& open) const {
  if (open.is_dirty || !open.urls.empty()) return true;
  const Time next = open.run->next_at();
  return next != kTimeMax && next <= ports_.clock.now() + kSoon;
}

Status Pipeliner::go_to_newest() {
  const auto last = ports_.ledger.reader.last_sequence(std::nullopt, {});
  if (!last) return fail(last.error());
  seen_ = *last;
  return {};
}

Status Pipeliner::read_news() {
  // A run that is opened after that looks at each of its tasks itself.
  if (runs_.empty()) return go_to_newest();
  for (;;) {
    const auto events = ports_.ledger.reader.events(seen_, kChangesAtOnce);
    if (!events && events.error().code == Code::out_of_range) {
      while (!runs_.empty()) forget(runs_.begin()->first);
      next_look_ = {};
      return go_to_newest();
    }
    if (!events) return fail(events.error());
    for (const LedgerEvent& event : *events) {
      if (is_finished(event.entry.state)) {
        const auto run = run_of_task_.find(event.id);
        if (run != run_of_task_.end()) {
          if (Status heard = hear_of_task(*runs_.at(run->second), event.id); !heard) return heard;
        }
      }
      seen_ = event.sequence;
    }
    if (events->size() < kChangesAtOnce) return {};
  }
}

Status Pipeliner::hear_of_task(Open& open, const Uuid& id) {
  const auto place = open.tasks.find(id);
  if (place == open.tasks.end()) return {};
  const auto task = ports_.ledger.reader.get(id);
  if (!task && task.error().code != Code::not_found && task.error().code != Code::data_loss) {
    return fail(task.error());
  }
  if (task && !is_finished(task->status.state)) return {};
  pipeline::Ended ended{.path = place->second,
                        .state = NodeState::failed,
                        .result = {},
                        .error = {},
                        .kind = pipeline::EndedKind::task};
  if (task) {
    ended = ended_of(*task, place->second);
    if (ended.state == NodeState::succeeded) {
      auto artifacts = artifacts_of(open, place->second, id);
      if (!artifacts) return fail(artifacts.error());
      ended.artifacts = std::move(*artifacts);
    }
  } else {
    ended.error = task.error().message;
  }
  open.run->ended(ended);
  open.is_dirty = true;
  open.tasks.erase(place);
  run_of_task_.erase(id);
  return {};
}

Result<std::string> Pipeliner::artifacts_of(const Open& open, const std::string& path,
                                            const Uuid& task) {
  const pipeline::PlanStep* step = open.plan->step_of(path);
  if (ports_.artifacts == nullptr || step == nullptr || !step->shows_artifacts) return "";
  const auto artifacts = all_artifacts(*ports_.artifacts, task);
  if (!artifacts) return fail(with_context(artifacts.error(), "what step " + path + " has left"));
  return pipeline::to_json_text(*artifacts);
}

Status Pipeliner::read_urls() {
  for (const UrlWaits::Answered& answered : ports_.urls.take()) {
    const auto found = runs_.find(answered.place.run);
    if (found == runs_.end()) continue;
    Open& open = *found->second;
    open.run->ended({.path = answered.place.path,
                     .result = json::serialize(bj::object{{"status", answered.status}}),
                     .error = {},
                     .kind = pipeline::EndedKind::answer});
    open.is_dirty = true;
  }
  return {};
}

Status Pipeliner::advance(Open& open) {
  open.is_dirty = false;
  auto actions = open.run->take(ports_.clock.now());
  if (actions.empty()) return {};
  if (Status written = write_down(open, actions); !written) return written;
  for (const pipeline::Action& action : actions) {
    const auto* cancel = std::get_if<pipeline::action::Cancel>(&action);
    if (cancel == nullptr || cancel->id.is_nil()) continue;
    if (Status ended = end_task(*cancel); !ended) return ended;
  }
  if (!open.run->is_finished()) return {};
  const Uuid id = open.kept.id;
  log::info("run_ended", "a run has ended",
            {{"run", to_string(id)}, {"pipeline", open.kept.pipeline}});
  forget(id);
  return {};
}

Status Pipeliner::write_down(Open& open, std::vector<pipeline::Action>& actions) {
  for (std::size_t next = 0; next < actions.size();) {
    const std::size_t begin = next;
    std::size_t bytes = 0;
    RunSettlement settlement{.id = open.kept.id,
                             .holder = params_.holder,
                             .at = ports_.clock.now(),
                             .tasks = {},
                             .nodes = {},
                             .outputs = {},
                             .error = {}};
    const Time next_at = open.run->next_at();
    if (next_at != kTimeMax) settlement.next_at = next_at;
    for (; next < actions.size() && next - begin < params_.batch && bytes < params_.batch_bytes;
         ++next) {
      pipeline::Action& action = actions[next];
      pipeline::NodeChange change = pipeline::change_of(action);
      if (auto* start = std::get_if<pipeline::action::Start>(&action)) {
        open.tasks.emplace(start->task.id, start->path);
        run_of_task_.emplace(start->task.id, open.kept.id);
        bytes += start->task.params.size() + start->task.spec.size();
        settlement.tasks.push_back(std::move(start->task));
      }
      const auto* wait = std::get_if<pipeline::action::BeginWait>(&action);
      if (wait != nullptr && wait->wait.kind == pipeline::WaitKind::http) {
        ports_.urls.put({.run = open.kept.id, .path = wait->path}, wait->wait);
        open.urls.insert(wait->path);
      }
      if (change.what == pipeline::NodeChange::What::finished) {
        if (open.urls.erase(change.path) > 0) {
          ports_.urls.drop({.run = open.kept.id, .path = change.path});
        }
        if (change.path.empty()) {
          settlement.state = run_state_of(change.state);
          settlement.outputs = std::exchange(change.outputs, "");
          settlement.error = change.error;
          settlement.next_at = {};
        }
      }
      settlement.nodes.push_back(std::move(change));
    }
    if (Status settled = settle(open.kept, *open.plan, std::move(settlement)); !settled) {
      return settled;
    }
  }
  return {};
}

Status Pipeliner::end_task(const pipeline::action::Cancel& cancel) {
  const auto asked =
      change_task(ports_.ledger, cancel.id,
                  event::Cancel{.by = "pipeline", .reason = cancel.reason}, ports_.chance());
  // One that has ended by then is what was wanted.
  if (asked || asked.error().code == Code::failed_precondition ||
      asked.error().code == Code::not_found) {
    return {};
  }
  // Opened anew, the run asks all that were to end.
  return fail(with_context(asked.error(), "ending step " + cancel.path));
}

Status Pipeliner::tidy() {
  if (params_.keep <= Duration::zero() || ports_.clock.steady_now() < next_tidy_) return {};
  const auto removed = ports_.store.remove(ports_.clock.now() - params_.keep, kRemovedAtOnce);
  if (!removed) return fail(with_context(removed.error(), "removing old runs"));
  if (*removed == kRemovedAtOnce) return {};
  next_tidy_ = ports_.clock.steady_now() + kTidyEvery;
  return {};
}

void Pipeliner::forget(const Uuid& id) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return;
  for (const auto& [task, path] : found->second->tasks) run_of_task_.erase(task);
  ports_.urls.drop_run(id);
  runs_.erase(found);
}

}  // namespace waybill
