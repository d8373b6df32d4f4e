#include "services/dispatcher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "core/retry.h"
#include "services/hint.h"

namespace waybill {

Dispatcher::Dispatcher(LedgerReader& reader, Clock& clock,
                       const std::map<std::string, Queue*>& brokers, const DispatcherParams& params)
    : reader_(reader), clock_(clock), params_(params) {
  for (const auto& [queue, broker] : brokers) {
    lanes_.push_back(Lane{.queue = queue, .broker = broker});
  }
}

Result<Duration> Dispatcher::step(const Deadline& deadline) {
  bool more = false;
  for (Lane& lane : lanes_) {
    if (deadline.stop_requested()) return Duration(0);
    if (clock_.steady_now() < lane.not_before) continue;
    const Result<Progress> progress = advance(lane);
    if (!progress) {
      back_off(lane, progress.error());
      continue;
    }
    lane.failures = 0;
    more = more || *progress == Progress::more;
  }
  return more ? Duration(0) : wait_for_news(deadline);
}

Result<Dispatcher::Progress> Dispatcher::advance(Lane& lane) {
  Progress progress = Progress::more;
  if (!lane.cursor) {
    if (Status begun = begin(lane); !begun) return fail(begun.error());
  }
  if (lane.pending.empty() && lane.page) {
    if (Status read = read_ready(lane); !read) return fail(read.error());
  } else if (lane.pending.empty()) {
    const Result<Progress> read = read_events(lane);
    if (!read) return fail(read.error());
    progress = *read;
  }
  if (Status published = publish(lane); !published) return fail(published.error());
  return progress;
}

Status Dispatcher::begin(Lane& lane) {
  // Before the ready ones are read: what becomes ready meanwhile is published twice, not never.
  const Result<std::uint64_t> last =
      reader_.last_sequence(std::nullopt, Deadline{.at = clock_.steady_now()});
  if (!last) return fail(with_context(last.error(), "reading the ledger's last event"));
  lane.cursor = *last;
  lane.page = "";
  return {};
}

Status Dispatcher::read_ready(Lane& lane) {
  Result<TaskPage> page =
      reader_.page(PageParams{.filter = {.states = {State::ready}, .queue = lane.queue},
                              .order = PageOrder::oldest_first,
                              .cursor = *lane.page,
                              .limit = params_.batch});
  if (!page) return fail(with_context(page.error(), "reading the ready tasks"));
  for (const DamagedTask& damaged : page->damaged) {
    log::error("task_damaged", "a ready task is damaged, and not published",
               {{"task", to_string(damaged.id)}, {"error", damaged.what}});
  }
  for (const Task& task : page->tasks) {
    lane.pending.push_back(make_hint(task.id(), task.status.fence));
  }
  if (page->next_cursor.empty()) {
    lane.page.reset();
  } else {
    lane.page = std::move(page->next_cursor);
  }
  return {};
}

Result<Dispatcher::Progress> Dispatcher::read_events(Lane& lane) {
  const Result<std::vector<LedgerEvent>> events = reader_.events(*lane.cursor, params_.batch);
  if (!events && events.error().code == Code::out_of_range) {
    log::warn("dispatcher_behind", "events are gone unread; publishing all ready tasks",
              {{"queue", lane.queue}});
    lane.cursor.reset();
    return Progress::more;
  }
  if (!events) return fail(with_context(events.error(), "reading the ledger's events"));
  for (const LedgerEvent& event : *events) {
    lane.cursor = event.sequence;
    if (event.queue != lane.queue || event.entry.state != State::ready) continue;
    lane.pending.push_back(make_hint(event.id, event.entry.fence));
  }
  return events->size() < params_.batch ? Progress::caught_up : Progress::more;
}

Status Dispatcher::publish(Lane& lane) {
  if (lane.pending.empty()) return {};
  const Result<std::vector<Status>> published = lane.broker->publish(lane.pending);
  if (!published) return fail(with_context(published.error(), "publishing hints"));
  std::vector<Message> left;
  std::optional<Error> first_error;
  for (std::size_t i = 0; i < lane.pending.size(); ++i) {
    const Status& answer = (*published)[i];
    if (answer) continue;
    if (answer.error().code == Code::invalid_argument) {
      log::error("hint_refused", "the broker will never take this hint; its task waits for a poll",
                 {{"queue", lane.queue}, {"error", answer.error().message}});
      continue;
    }
    if (!first_error) first_error = answer.error();
    left.push_back(std::move(lane.pending[i]));
  }
  lane.pending = std::move(left);
  if (first_error) return fail(with_context(*first_error, "publishing hints"));
  return {};
}

void Dispatcher::back_off(Lane& lane, const Error& error) {
  ++lane.failures;
  const RetryPolicy policy{.backoff_first = params_.backoff_first,
                           .backoff_max = params_.backoff_max};
  const Duration pause =
      std::max(retry_delay(policy, lane.failures, 0), error.retry_after.value_or(Duration(0)));
  lane.not_before = clock_.steady_now() + pause;
  log::warn(
      "dispatch_failed", "hints wait; workers find the tasks in the ledger meanwhile",
      {{"queue", lane.queue}, {"error", error.message}, {"again_in", format_duration(pause)}});
}

Result<Duration> Dispatcher::wait_for_news(const Deadline& deadline) {
  const SteadyTime begun = clock_.steady_now();
  SteadyTime first_retry = kSteadyTimeMax;
  std::optional<std::uint64_t> seen;
  for (const Lane& lane : lanes_) {
    if (lane.not_before > begun) {
      first_retry = std::min(first_retry, lane.not_before);
    } else if (lane.cursor) {
      seen = std::min(seen.value_or(*lane.cursor), *lane.cursor);
    }
  }
  if (!seen) return first_retry - begun;  // no broker works: only time helps
  const Deadline until{.at = std::min(deadline.at, first_retry), .stop = deadline.stop};
  const Result<std::uint64_t> last = reader_.last_sequence(*seen, until);
  if (!last) return fail(with_context(last.error(), "waiting for the ledger's next event"));
  const bool waited = clock_.steady_now() > begun;
  return *last > *seen || waited ? Duration(0) : params_.poll;
}

}  // namespace waybill
