#include "adapters/remote/work.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace waybill {
namespace {

/// How long the ends of runs wait for their output to be taken, all together.
constexpr Duration kFlushMax = std::chrono::seconds(2);

}  // namespace

RemoteWork::RemoteWork(RemoteLedger& ledger, RemoteLogs& logs, Bell& bell, Clock& clock,
                       RemoteWorkParams params)
    : ledger_(ledger), logs_(logs), bell_(bell), clock_(clock), params_(params) {}

RemoteWork::~RemoteWork() { stop_claiming(); }

RemoteWork::Asking& RemoteWork::asking_for(const ClaimParams& params) {
  for (const auto& asking : askings_) {
    if (asking->params.kinds == params.kinds) return *asking;
  }
  Asking& added = *askings_.emplace_back(std::make_unique<Asking>());
  added.params = params;
  added.thread = std::jthread([this, &added] { run(added); });
  return added;
}

Result<std::vector<Task>> RemoteWork::claim(const ClaimParams& params) {
  std::optional<Came> came;
  std::optional<Error> failure;
  {
    const Lock lock(mutex_);
    // Also then an outage stays one: nobody has answered.
    if (stop_.stop_requested()) return outage_or_none(params);
    Asking& asking = asking_for(params);
    asking.params = params;
    if (!asking.came.empty()) {
      came = std::move(asking.came.front());
      asking.came.pop_front();
      asking.params.limit -= std::min(params.limit, came->tasks.size());
    } else {
      failure = asking.failure;
    }
    if (asking.now == Now::idle) asking.now = Now::wanted;
  }
  wanted_.ring();
  if (failure) return fail(*failure);
  if (!came) return std::vector<Task>{};
  if (clock_.steady_now() <= came->asked_at + params_.slack) return std::move(came->tasks);
  return beaten(std::move(*came), params);
}

Result<std::vector<Task>> RemoteWork::outage_or_none(const ClaimParams& params) {
  for (const auto& asking : askings_) {
    if (asking->params.kinds == params.kinds && asking->failure) return fail(*asking->failure);
  }
  return std::vector<Task>{};
}

/// Their leases began at some time while the claim waited, and only the server knows when.
Result<std::vector<Task>> RemoteWork::beaten(Came came, const ClaimParams& params) {
  std::vector<Extension> extensions;
  for (const Task& task : came.tasks) {
    extensions.push_back({.id = task.id(), .fence = task.status.fence, .lease = params.lease});
  }
  const auto answers = ledger_.extend(extensions);
  if (!answers) {
    // Again with the next claim, as long as they may still be ours.
    const Lock lock(mutex_);
    // Nobody looks there any more: the worker gives them back, as all that it has.
    if (stop_.stop_requested()) return std::move(came.tasks);
    if (clock_.steady_now() < came.asked_at + params.lease + params_.wait) {
      asking_for(params).came.push_front(std::move(came));
    }
    return fail(answers.error());
  }
  std::vector<Task> ours;
  for (std::size_t i = 0; i < came.tasks.size(); ++i) {
    if ((*answers)[i] != ExtendOutcome::lost) ours.push_back(std::move(came.tasks[i]));
  }
  return ours;
}

Result<std::vector<Status>> RemoteWork::apply(std::span<const Change> changes) {
  // All of them at once; one alone is waited for anyway.
  for (const Change& change : changes.subspan(std::min<std::size_t>(1, changes.size()))) {
    logs_.hurry(change.id, change.from.fence);
  }
  const Deadline soon{.at = clock_.steady_now() + kFlushMax};
  std::vector<Status> answers(changes.size());
  std::vector<Change> ready;
  std::vector<std::size_t> places;
  std::optional<Error> outage;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    const Status sent = logs_.flush(change.id, change.from.fence, soon);
    // Where the lease is over the answer to the end says so.
    const bool waits =
        !sent && is_outage(sent.error().code) && !logs_.give_up(change.id, change.from.fence);
    if (waits) {
      outage = sent.error();
      answers[i] = fail(sent.error());
      continue;
    }
    ready.push_back(change);
    places.push_back(i);
  }
  if (ready.empty() && outage) return fail(*outage);
  auto told = ledger_.apply(ready);
  if (!told) return told;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if ((*told)[i]) logs_.forget(ready[i].id, ready[i].from.fence);
    answers[places[i]] = std::move((*told)[i]);
  }
  return answers;
}

std::optional<RemoteClaim> RemoteWork::begin(Asking& asking) {
  const Lock lock(mutex_);
  if (asking.now != Now::wanted || stop_.stop_requested()) return std::nullopt;
  ClaimParams params = asking.params;
  std::size_t waiting = 0;
  for (const Came& came : asking.came) waiting += came.tasks.size();
  if (params.limit <= waiting) {
    asking.now = Now::idle;
    return std::nullopt;
  }
  asking.now = Now::asking;
  if (const auto& before = asking.unanswered) {
    // Later than that its tasks are somebody else's.
    const SteadyTime until = before->asked_at + before->wait + before->params.lease;
    if (clock_.steady_now() < until) return before;
    asking.unanswered.reset();
  }
  params.limit -= waiting;
  params.lease += params_.slack;
  // One that comes back after a failure answers at once, so that this is seen.
  return ledger_.new_claim(params, asking.failure ? Duration::zero() : params_.wait);
}

void RemoteWork::run(Asking& asking) {
  while (!stop_.stop_requested()) {
    const std::uint64_t seen = wanted_.rung();
    if (const auto claim = begin(asking)) {
      ask(asking, *claim);
    } else {
      wanted_.wait(seen, {.at = kSteadyTimeMax, .stop = stop_.get_token()}, clock_);
    }
  }
}

void RemoteWork::ask(Asking& asking, const RemoteClaim& claim) {
  const SteadyTime began = clock_.steady_now();
  if (claim.is_again) {
    // It may wait for long, while all that is to be known first is whether anybody is there.
    const Status there = ledger_.greet();
    bool is_news = false;
    {
      const Lock lock(mutex_);
      // Where claims alone fail, it has been there all the time.
      is_news = there && !asking.greeted;
      asking.greeted = there.has_value();
      if (is_news) asking.failure.reset();
    }
    if (!there) return answered(asking, claim, fail(there.error()), Duration::zero());
    if (is_news) bell_.ring();
  }
  auto answer = ledger_.claim_waiting(claim, stop_.get_token());
  answered(asking, claim, std::move(answer), clock_.steady_now() - began);
}

void RemoteWork::answered(Asking& asking, const RemoteClaim& claim,
                          Result<std::vector<Task>> answer, Duration took) {
  bool is_news = true;
  {
    const Lock lock(mutex_);
    asking.now = Now::idle;
    asking.unanswered.reset();
    if (!answer) {
      // The same trouble again is no news, or an idle worker would ask all the time. Nor is it one
      // of the same claim, whose trouble was told: the worker hears of it when it polls.
      is_news = !claim.is_again && (!asking.failure || asking.failure->code != answer.error().code);
      if (is_outage(answer.error().code)) {
        asking.unanswered = claim;
        asking.unanswered->is_again = true;
      }
      if (!stop_.stop_requested()) asking.failure = answer.error();
    } else if (!answer->empty()) {
      asking.greeted = false;
      asking.failure.reset();
      asking.came.push_back({std::move(*answer), claim.asked_at});
    } else {
      is_news = asking.failure.has_value();
      asking.greeted = false;
      asking.failure.reset();
      // A server that does not wait is asked again when the worker polls, not all the time.
      const bool waited = took >= params_.wait / 2;
      if (waited || is_news) asking.now = Now::wanted;
    }
  }
  if (is_news) bell_.ring();
}

void RemoteWork::stop_claiming() {
  std::vector<std::jthread> threads;
  {
    const Lock lock(mutex_);
    stop_.request_stop();
    for (const auto& asking : askings_) threads.push_back(std::move(asking->thread));
  }
  threads.clear();  // joins them
  std::vector<Task> left;
  {
    const Lock lock(mutex_);
    for (const auto& asking : askings_) {
      for (Came& came : asking->came) std::ranges::move(came.tasks, std::back_inserter(left));
      asking->came.clear();
    }
  }
  if (!left.empty()) give_back(std::move(left));
}

void RemoteWork::give_back(std::vector<Task> tasks) {
  std::vector<Change> changes;
  for (const Task& task : tasks) {
    auto change =
        transition(task, event::GiveBack{.fence = task.status.fence, .reason = "the worker stops"},
                   {.now = ledger_.now(), .chance = 0});
    if (change) changes.push_back(std::move(*change));
  }
  if (const auto done = ledger_.apply(changes); !done) {
    log::warn("task_not_given_back", done.error().message, {{"tasks", changes.size()}});
  }
}

}  // namespace waybill
