#include "services/hint_lane.h"

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

HintLane::HintLane(const Ports& ports, std::string queue, const HintLaneParams& params)
    : ports_(ports), queue_(std::move(queue)), params_(params) {}

void HintLane::add(const Uuid& task) {
  const Lock lock(mutex_);
  if (coming_.size() < params_.pending_max) return coming_.push_back(task);
  coming_.clear();
  all_ = true;
}

void HintLane::publish_all() {
  const Lock lock(mutex_);
  coming_.clear();
  all_ = true;
}

void HintLane::take_in() {
  std::vector<Uuid> coming;
  bool all = false;
  {
    const Lock lock(mutex_);
    coming = std::exchange(coming_, {});
    all = std::exchange(all_, false);
  }
  if (all || pending_.size() + coming.size() > params_.pending_max) {
    // What came after that was asked for is among those that are ready, too.
    pending_.clear();
    page_ = "";
    return;
  }
  for (const Uuid& task : coming) pending_.push_back({.task = task});
}

Result<Duration> HintLane::step(const Deadline& deadline) {
  take_in();
  const SteadyTime now = ports_.clock.steady_now();
  if (deadline.stop_requested()) return Duration(0);
  if (!owes()) return Duration::max();
  if (now < not_before_) return not_before_ - now;
  if (const Status advanced = advance(); !advanced) {
    back_off(advanced.error());
    return std::max(Duration(0), not_before_ - ports_.clock.steady_now());
  }
  failures_ = 0;
  return owes() ? Duration(0) : Duration::max();
}

Status HintLane::advance() {
  if (pending_.empty() && page_) {
    if (Status read = read_ready(); !read) return read;
  }
  return publish();
}

Status HintLane::read_ready() {
  Result<TaskPage> page =
      ports_.reader.page(PageParams{.filter = {.states = {State::ready}, .queue = queue_},
                                    .order = PageOrder::oldest_first,
                                    .cursor = *page_,
                                    .limit = params_.batch});
  if (!page) return fail(with_context(page.error(), "reading the ready tasks"));
  for (const DamagedTask& damaged : page->damaged) {
    log::error("task_damaged", "a ready task is damaged, and not published",
               {{"task", to_string(damaged.id)}, {"error", damaged.what}});
  }
  for (const Task& task : page->tasks) {
    pending_.push_back({.task = task.id(), .hint = make_hint(task)});
  }
  if (page->next_cursor.empty()) {
    page_.reset();
  } else {
    page_ = std::move(page->next_cursor);
  }
  return {};
}

/// Of those that are still ready: the others were claimed, or ended, meanwhile.
Result<HintLane::Hints> HintLane::hints_of(std::span<const Pending> pending) {
  Hints hints;
  for (const Pending& one : pending) {
    std::optional<Message> hint = one.hint;
    if (!hint) {
      const Result<Task> task = ports_.reader.get(one.task);
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

/// One call of the broker with the first of those that are pending.
Status HintLane::publish() {
  const std::size_t count = std::min(pending_.size(), params_.batch);
  const auto hints = hints_of(std::span(pending_).first(count));
  if (!hints) return fail(hints.error());
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  if (hints->messages.empty()) return {};
  const auto published = ports_.broker.publish(hints->messages);
  std::vector<Pending> left;
  std::optional<Error> first_error;
  for (std::size_t i = 0; i < hints->tasks.size(); ++i) {
    const Status answer = published ? (*published)[i] : fail(published.error());
    if (answer) continue;
    if (published && answer.error().code == Code::invalid_argument) {
      log::error("hint_refused", "the broker will never take this hint; its task waits for a poll",
                 {{"queue", queue_}, {"error", answer.error().message}});
      continue;
    }
    if (!first_error) first_error = answer.error();
    left.push_back({.task = hints->tasks[i]});
  }
  pending_.insert(pending_.begin(), left.begin(), left.end());
  if (first_error) return fail(with_context(*first_error, "publishing hints"));
  return {};
}

void HintLane::back_off(const Error& error) {
  ++failures_;
  const RetryPolicy policy{.backoff_first = params_.backoff_first,
                           .backoff_max = params_.backoff_max};
  const Duration pause =
      std::max(retry_delay(policy, failures_, 0), error.retry_after.value_or(Duration(0)));
  not_before_ = ports_.clock.steady_now() + pause;
  log::warn("dispatch_failed", "hints wait; workers find the tasks in the ledger meanwhile",
            {{"queue", queue_}, {"error", error.message}, {"again_in", format_duration(pause)}});
}

}  // namespace waybill
