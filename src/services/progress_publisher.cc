#include "services/progress_publisher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "core/retry.h"

namespace waybill {
namespace {

/// Never 0, which stands for progress that nobody was told.
std::size_t hash_of(const std::string& progress) { return std::hash<std::string>{}(progress) | 1u; }

}  // namespace

Result<Duration> ProgressPublisher::step(const Deadline& deadline) {
  const auto whose = turn(deadline);
  if (!whose) return fail(whose.error());
  if (*whose == Turn::others) return params_.turn_every;
  if (!cursor_) {
    if (Status begun = begin(deadline); !begun) return fail(begun.error());
  }
  const auto more = read_events();
  if (!more) return fail(more.error());
  if (Status looked = look(); !looked) return fail(looked.error());
  if (Status told = tell_all(deadline); !told) return fail(told.error());
  return *more == More::yes ? Duration(0) : wait_for_news(deadline);
}

/// Where nobody can be asked, nobody can be told either: whose turn it was stays. A server that
/// answers and keeps no turn (it is full, or a replica) may take messages all the same: then each
/// tells, rather than nobody.
Result<ProgressPublisher::Turn> ProgressPublisher::turn(const Deadline& deadline) {
  const SteadyTime now = ports_.clock.steady_now();
  if (params_.turn.empty() || turns_refused_) return Turn::mine;
  if (turn_ && now < ask_turn_at_) return *turn_;
  ask_turn_at_ = now + params_.turn_every;
  const auto taken = ports_.channels.take_turn(
      params_.turn, params_.holder, params_.hold,
      {.at = std::min(deadline.at, now + params_.send_time_max), .stop = deadline.stop});
  if (!taken && taken.error().code == Code::permission_denied) {
    turns_refused_ = true;
    log::warn("progress_turns_refused",
              "each server tells of every task, as Redis lets none of them say that it does; allow "
              "its user GET, SET, PEXPIRE and DEL on ~waybill:*: " +
                  taken.error().message);
    return Turn::mine;
  }
  const Turn before = turn_.value_or(Turn::mine);
  const bool keeps_none = !taken && taken.error().code == Code::failed_precondition;
  if (keeps_none && !turns_fail_) {
    log::warn("progress_turns_failed",
              "each server may tell of every task, as Redis keeps no turn: " +
                  taken.error().message);
  }
  turns_fail_ = keeps_none;
  const Turn whose = keeps_none ? Turn::mine : !taken ? before : *taken ? Turn::mine : Turn::others;
  if (whose == Turn::others) {
    if (Status standing = stand_by(); !standing) return fail(standing.error());
  } else if (before == Turn::others) {
    log::info("progress_turn_taken", "this server tells of tasks from now on");
  }
  turn_ = whose;
  return whose;
}

Status ProgressPublisher::stand_by() {
  cursor_.reset();
  running_.clear();
  noted_.clear();
  is_noted_.clear();
  const SteadyTime now = ports_.clock.steady_now();
  if (newer_ && now < newer_at_ + params_.hold + params_.turn_every) return {};
  const auto last = ports_.reader.last_sequence(std::nullopt, Deadline{.at = now});
  if (!last) return fail(with_context(last.error(), "reading the ledger's last event"));
  older_ = newer_ ? newer_ : *last;
  newer_ = *last;
  newer_at_ = now;
  return {};
}

void ProgressPublisher::leave() {
  if (turn_ != Turn::mine || turns_refused_) return;
  const Status left = ports_.channels.leave_turn(
      params_.turn, params_.holder, {.at = ports_.clock.steady_now() + params_.send_time_max});
  if (!left) log::debug("progress_turn_kept", "it ends by itself: " + left.error().message);
}

Status ProgressPublisher::begin(const Deadline& deadline) {
  const auto last =
      ports_.reader.last_sequence(std::nullopt, Deadline{.at = ports_.clock.steady_now()});
  if (!last) return fail(with_context(last.error(), "reading the ledger's last event"));
  if (Status found = find_running(); !found) return found;
  cursor_ = older_.value_or(*last);
  older_.reset();
  newer_.reset();
  const SteadyTime until = ports_.clock.steady_now() + params_.send_time_max;
  const Status there =
      ports_.channels.connect({.at = std::min(deadline.at, until), .stop = deadline.stop});
  if (!there) went_away(there.error());
  return {};
}

Status ProgressPublisher::find_running() {
  PageParams params{.filter = {.states = {State::leased}}, .limit = params_.batch};
  params.bytes_max = params_.bytes_at_once;
  do {
    auto page = ports_.reader.page(params);
    if (!page) return fail(with_context(page.error(), "reading the running tasks"));
    for (const Task& task : page->tasks) {
      if (running_.size() < params_.running_max) running_.try_emplace(task.id(), 0);
    }
    params.cursor = std::move(page->next_cursor);
  } while (!params.cursor.empty() && running_.size() < params_.running_max);
  return {};
}

Result<ProgressPublisher::More> ProgressPublisher::read_events() {
  if (noted_.size() >= params_.batch) return More::yes;
  const auto events = ports_.reader.events(*cursor_, params_.batch);
  if (!events && events.error().code == Code::out_of_range) {
    log::warn("progress_publisher_behind",
              "events are gone unread: tasks that changed meanwhile are not told of");
    running_.clear();
    cursor_.reset();
    return More::yes;
  }
  if (!events) return fail(with_context(events.error(), "reading the ledger's events"));
  for (const LedgerEvent& event : *events) {
    cursor_ = event.sequence;
    note(event.id);
    if (event.entry.state != State::leased) {
      running_.erase(event.id);
    } else if (running_.size() < params_.running_max) {
      running_.try_emplace(event.id, 0);
    }
  }
  return events->size() < params_.batch ? More::no : More::yes;
}

Status ProgressPublisher::look() {
  const SteadyTime now = ports_.clock.steady_now();
  if (running_.empty() || now < look_at_ || noted_.size() >= params_.batch) return {};
  look_at_ = now + params_.look_every;
  // Where there are more than a batch they take turns.
  auto next = running_.upper_bound(looked_at_);
  for (std::size_t left = std::min(running_.size(), params_.batch); left > 0; --left) {
    if (next == running_.end()) next = running_.begin();
    const auto reported = ports_.reader.reported(next->first);
    if (!reported && reported.error().code == Code::unavailable) {
      return fail(with_context(reported.error(), "reading a running task's progress"));
    }
    looked_at_ = next->first;
    // None yet: its beginning was told already.
    const bool is_new =
        reported && !reported->progress.empty() && hash_of(reported->progress) != next->second;
    if (is_new) note(next->first);
    ++next;
  }
  return {};
}

void ProgressPublisher::note(const Uuid& id) {
  if (is_noted_.insert(id).second) noted_.push_back(id);
}

Status ProgressPublisher::tell_all(const Deadline& deadline) {
  if (noted_.empty()) return {};
  if (failures_ > 0 && ports_.clock.steady_now() < not_before_) {
    drop(noted_.size());
    noted_.clear();
    is_noted_.clear();
    return {};
  }
  std::vector<ChannelMessage> messages;
  std::size_t bytes = 0;
  std::size_t told = 0;  // of noted_: sent, or nothing to say
  for (std::size_t i = 0; i < noted_.size(); ++i) {
    auto message = message_of(noted_[i]);
    if (!message) {
      // What was sent is not sent again; the rest keeps its turn.
      for (std::size_t done = 0; done < told; ++done) is_noted_.erase(noted_[done]);
      noted_.erase(noted_.begin(), noted_.begin() + static_cast<std::ptrdiff_t>(told));
      return fail(message.error());
    }
    if (*message) {
      bytes += (*message)->body.size();
      messages.push_back(std::move(**message));
    }
    if (bytes < params_.bytes_at_once && i + 1 < noted_.size()) continue;
    if (!send(messages, deadline)) {
      drop(noted_.size() - i - 1);
      break;
    }
    bytes = 0;
    told = i + 1;
  }
  noted_.clear();
  is_noted_.clear();
  return {};
}

Result<std::optional<ChannelMessage>> ProgressPublisher::message_of(const Uuid& id) {
  const auto task = ports_.reader.get(id);
  const auto reported =
      task ? ports_.reader.reported(id) : Result<LedgerReader::Reported>(fail(task.error()));
  if (!reported) {
    if (reported.error().code == Code::unavailable) {
      return fail(with_context(reported.error(), "reading a task that has changed"));
    }
    if (reported.error().code != Code::not_found) drop(1);
    return std::nullopt;
  }
  if (const auto running = running_.find(id); running != running_.end()) {
    running->second = hash_of(reported->progress);
  }
  return tell_(*task, reported->progress);
}

bool ProgressPublisher::send(std::vector<ChannelMessage>& messages, const Deadline& deadline) {
  if (messages.empty()) return true;
  const SteadyTime until = ports_.clock.steady_now() + params_.send_time_max;
  const Status published = ports_.channels.publish(
      messages, {.at = std::min(deadline.at, until), .stop = deadline.stop});
  if (published) {
    published_ += messages.size();
    if (failures_ > 0) came_back();
  } else {
    went_away(published.error());
    drop(messages.size());
  }
  messages.clear();
  return published.has_value();
}

void ProgressPublisher::went_away(const Error& error) {
  if (failures_++ == 0) {
    dropped_before_ = dropped_;
    log::warn("progress_not_published",
              "tasks go on, and nobody is told of them until this is over: " + error.message,
              {{"code", to_string(error.code)}});
  }
  const RetryPolicy policy{.backoff_first = params_.backoff_first,
                           .backoff_max = params_.backoff_max};
  not_before_ = ports_.clock.steady_now() + retry_delay(policy, failures_, 0);
}

void ProgressPublisher::came_back() {
  failures_ = 0;
  log::info("progress_published_again", "messages were dropped meanwhile",
            {{"dropped", dropped_ - dropped_before_}});
  // What runs is told once more; of what has ended since only the ledger tells.
  for (auto& [id, told] : running_) told = 0;
}

Result<Duration> ProgressPublisher::wait_for_news(const Deadline& deadline) {
  const SteadyTime begun = ports_.clock.steady_now();
  Deadline until = deadline;
  if (!running_.empty()) until.at = std::min(until.at, std::max(look_at_, begun));
  if (turn_ && !turns_refused_) until.at = std::min(until.at, std::max(ask_turn_at_, begun));
  const auto last = ports_.reader.last_sequence(*cursor_, until);
  if (!last) return fail(with_context(last.error(), "waiting for the ledger's next event"));
  const bool waited = ports_.clock.steady_now() > begun;
  return *last > *cursor_ || waited ? Duration(0) : params_.poll;
}

}  // namespace waybill
