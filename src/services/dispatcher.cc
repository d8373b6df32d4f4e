#include "services/dispatcher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "core/retry.h"
#include "services/hint.h"

namespace waybill {
namespace {

/// Of a task that nobody can claim any more.
bool is_gone(const Error& error) {
  return error.code == Code::not_found || error.code == Code::data_loss;
}

}  // namespace

Dispatcher::Dispatcher(LedgerReader& reader, Clock& clock, BrokerOf broker_of,
                       const DispatcherParams& params)
    : reader_(reader), clock_(clock), broker_of_(std::move(broker_of)), params_(params) {}

Result<Duration> Dispatcher::step(const Deadline& deadline) {
  if (!cursor_) {
    if (Status begun = begin(); !begun) return fail(begun.error());
  }
  const auto read = read_events();
  if (!read) return fail(read.error());
  bool more = *read == Progress::more;
  for (auto& [queue, lane] : lanes_) {
    if (deadline.stop_requested()) return Duration(0);
    if (lane.broker == nullptr || clock_.steady_now() < lane.not_before) continue;
    const Result<Progress> progress = advance(queue, lane);
    if (!progress) {
      back_off(queue, lane, progress.error());
      continue;
    }
    lane.failures = 0;
    more = more || *progress == Progress::more;
  }
  return more ? Duration(0) : wait_for_news(deadline);
}

Status Dispatcher::begin() {
  // Before the ready ones are read: what becomes ready meanwhile is published twice, not never.
  const Result<std::uint64_t> last =
      reader_.last_sequence(std::nullopt, Deadline{.at = clock_.steady_now()});
  if (!last) return fail(with_context(last.error(), "reading the ledger's last event"));
  const auto counts = reader_.counts();
  if (!counts) return fail(with_context(counts.error(), "reading the ledger's queues"));
  for (const QueueCounts& count : *counts) {
    if (count.by_state[static_cast<int>(State::ready)] == 0) continue;
    Lane& lane = lane_of(count.queue);
    lane.pending.clear();
    lane.page = "";
  }
  cursor_ = *last;
  return {};
}

Dispatcher::Lane& Dispatcher::lane_of(const std::string& queue) {
  const auto [lane, is_new] = lanes_.try_emplace(queue);
  if (is_new) lane->second.broker = broker_of_(queue);
  return lane->second;
}

Result<Dispatcher::Progress> Dispatcher::read_events() {
  const Result<std::vector<LedgerEvent>> events = reader_.events(*cursor_, params_.batch);
  if (!events && events.error().code == Code::out_of_range) {
    log::warn("dispatcher_behind", "events are gone unread; publishing all ready tasks");
    cursor_.reset();
    return Progress::more;
  }
  if (!events) return fail(with_context(events.error(), "reading the ledger's events"));
  for (const LedgerEvent& event : *events) {
    cursor_ = event.sequence;
    if (event.entry.state == State::ready) add(lane_of(event.queue), event.id);
  }
  return events->size() < params_.batch ? Progress::caught_up : Progress::more;
}

/// What waits for a broker that is away need not be kept: the ledger has it.
void Dispatcher::add(Lane& lane, const Uuid& task) {
  if (lane.broker == nullptr) return;
  if (lane.pending.size() < params_.pending_max) return lane.pending.push_back({.task = task});
  lane.pending.clear();
  lane.page = "";
}

Result<Dispatcher::Progress> Dispatcher::advance(const std::string& queue, Lane& lane) {
  if (lane.pending.empty() && lane.page) {
    if (Status read = read_ready(queue, lane); !read) return fail(read.error());
  }
  if (Status published = publish(queue, lane); !published) return fail(published.error());
  return lane.pending.empty() && !lane.page ? Progress::caught_up : Progress::more;
}

Status Dispatcher::read_ready(const std::string& queue, Lane& lane) {
  Result<TaskPage> page =
      reader_.page(PageParams{.filter = {.states = {State::ready}, .queue = queue},
                              .order = PageOrder::oldest_first,
                              .cursor = *lane.page,
                              .limit = params_.batch});
  if (!page) return fail(with_context(page.error(), "reading the ready tasks"));
  for (const DamagedTask& damaged : page->damaged) {
    log::error("task_damaged", "a ready task is damaged, and not published",
               {{"task", to_string(damaged.id)}, {"error", damaged.what}});
  }
  for (const Task& task : page->tasks) {
    lane.pending.push_back({.task = task.id(), .hint = make_hint(task)});
  }
  if (page->next_cursor.empty()) {
    lane.page.reset();
  } else {
    lane.page = std::move(page->next_cursor);
  }
  return {};
}

/// Of those that are still ready: the others were claimed, or ended, meanwhile.
Result<Dispatcher::Hints> Dispatcher::hints_of(std::span<const Pending> pending) {
  Hints hints;
  for (const Pending& one : pending) {
    std::optional<Message> hint = one.hint;
    if (!hint) {
      const Result<Task> task = reader_.get(one.task);
      if (!task && is_gone(task.error())) continue;
      if (!task) return fail(with_context(task.error(), "reading a ready task"));
      if (task->status.state != State::ready) continue;
      hint = make_hint(*task);
    }
    hints.messages.push_back(std::move(*hint));
    hints.tasks.push_back(one.task);
  }
  return hints;
}

Status Dispatcher::publish(const std::string& queue, Lane& lane) {
  const std::size_t count = std::min(lane.pending.size(), params_.batch);
  const auto hints = hints_of(std::span(lane.pending).first(count));
  if (!hints) return fail(hints.error());
  lane.pending.erase(lane.pending.begin(),
                     lane.pending.begin() + static_cast<std::ptrdiff_t>(count));
  if (hints->messages.empty()) return {};
  const auto published = lane.broker->publish(hints->messages);
  std::vector<Pending> left;
  std::optional<Error> first_error;
  for (std::size_t i = 0; i < hints->tasks.size(); ++i) {
    const Status answer = published ? (*published)[i] : fail(published.error());
    if (answer) continue;
    if (published && answer.error().code == Code::invalid_argument) {
      log::error("hint_refused", "the broker will never take this hint; its task waits for a poll",
                 {{"queue", queue}, {"error", answer.error().message}});
      continue;
    }
    if (!first_error) first_error = answer.error();
    left.push_back({.task = hints->tasks[i]});
  }
  lane.pending.insert(lane.pending.begin(), left.begin(), left.end());
  if (first_error) return fail(with_context(*first_error, "publishing hints"));
  return {};
}

void Dispatcher::back_off(const std::string& queue, Lane& lane, const Error& error) {
  ++lane.failures;
  const RetryPolicy policy{.backoff_first = params_.backoff_first,
                           .backoff_max = params_.backoff_max};
  const Duration pause =
      std::max(retry_delay(policy, lane.failures, 0), error.retry_after.value_or(Duration(0)));
  lane.not_before = clock_.steady_now() + pause;
  log::warn("dispatch_failed", "hints wait; workers find the tasks in the ledger meanwhile",
            {{"queue", queue}, {"error", error.message}, {"again_in", format_duration(pause)}});
}

Result<Duration> Dispatcher::wait_for_news(const Deadline& deadline) {
  const SteadyTime begun = clock_.steady_now();
  SteadyTime first_retry = kSteadyTimeMax;
  for (const auto& [queue, lane] : lanes_) {
    const bool owes = !lane.pending.empty() || lane.page;
    if (owes && lane.not_before > begun) first_retry = std::min(first_retry, lane.not_before);
  }
  const Deadline until{.at = std::min(deadline.at, first_retry), .stop = deadline.stop};
  const Result<std::uint64_t> last = reader_.last_sequence(*cursor_, until);
  if (!last) return fail(with_context(last.error(), "waiting for the ledger's next event"));
  const bool waited = clock_.steady_now() > begun;
  return *last > *cursor_ || waited ? Duration(0) : params_.poll;
}

}  // namespace waybill
