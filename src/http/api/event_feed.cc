#include "http/api/event_feed.h"

#include <algorithm>
#include <boost/json.hpp>
#include <climits>
#include <iterator>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "core/task_json.h"
#include "http/api/log_json.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

constexpr std::size_t kRecentMax = 10'000;
constexpr std::size_t kEventsAtOnce = 500;
/// A stream with more than this unsent is left behind for now.
constexpr std::size_t kUnsentMax = 256u << 10;
/// Tasks that are read for a stream before the others have their turn.
constexpr std::size_t kReadsAtOnce = 200;
/// Pieces of the past that whoever begins a stream waits for, where tasks are read for it.
constexpr int kPiecesAwaited = 5;
/// How soon it is seen that such a stream takes more.
constexpr Duration kUnsentLook = std::chrono::milliseconds(20);
constexpr std::size_t kLogBytesAtOnce = 64u << 10;
/// A stream with more than this unsent is told of progress when it has got that.
constexpr std::size_t kProgressUnsentMax = 32u << 10;
/// Proxies close what is silent for a minute or less.
constexpr Duration kKeepOpen = std::chrono::seconds(15);
/// How soon new output of a running task is seen.
constexpr Duration kLogLook = std::chrono::milliseconds(200);
constexpr Duration kLook = std::chrono::seconds(1);

std::string event_text(std::string_view id, std::string_view name, const bj::object& data) {
  std::string text;
  if (!id.empty()) text.append("id: ").append(id).append("\n");
  return text.append("event: ")
      .append(name)
      .append("\ndata: ")
      .append(json::serialize(data))
      .append("\n\n");
}

std::string text_of(const LedgerEvent& event) {
  bj::object data{{"sequence", event.sequence},
                  {"id", to_string(event.id)},
                  {"queue", json::text(event.queue)}};
  for (auto& member : history_to_json(event.entry)) data.insert(member);
  return event_text(std::to_string(event.sequence), "task", data);
}

/// A running task as filters look at it.
LedgerEvent as_event(const Uuid& task, const std::string& queue) {
  LedgerEvent event{.id = task, .queue = queue};
  event.entry.state = State::leased;
  return event;
}

std::string text_of(const LiveProgress::Said& said) {
  return "event: progress\ndata: {\"id\":\"" + to_string(said.task) +
         "\",\"queue\":" + json::serialize(json::text(said.queue)) +
         ",\"progress\":" + said.progress + "}\n\n";
}

template <class T>
void take_all(std::vector<T>& from, std::vector<T>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}

template <class T>
void drop_closed(std::vector<T>& followers) {
  std::erase_if(followers, [](const T& follower) { return follower.stream->is_closed(); });
}

}  // namespace

EventFeed::EventFeed(Ports ports, std::function<void(const LedgerEvent&)> seen,
                     std::function<bool()> passes_over)
    : ports_(ports), seen_(std::move(seen)), passes_over_(std::move(passes_over)) {}

Result<Duration> EventFeed::step(const Deadline& deadline) {
  {
    const Lock lock(mutex_);
    take_all(new_followers_, followers_);
    take_all(new_log_followers_, log_followers_);
  }
  drop_closed(followers_);
  drop_closed(log_followers_);
  std::erase_if(log_followers_, [](const LogFollower& follower) { return follower.ended; });
  if (Status taken = take_news(deadline); !taken) return fail(taken.error());
  if (Status looked = look_at_progress(); !looked) return fail(looked.error());
  if (Status delivered = deliver_all(); !delivered) return fail(delivered.error());
  deliver_logs();
  keep_open();
  return Duration::zero();
}

Duration EventFeed::time_to_look() const {
  Duration look = any_log_followers() ? kLogLook : kLook;
  for (const Follower& follower : followers_) {
    if (!newest_ || follower.cursor >= *newest_) continue;
    if (follower.stream->waiting() <= kUnsentMax) return Duration::zero();
    look = kUnsentLook;
  }
  return look;
}

Status EventFeed::take_news(const Deadline& deadline) {
  const SteadyTime now = ports_.clock.steady_now();
  const SteadyTime until = std::max(now, std::min(now + time_to_look(), progress_.look_at()));
  const auto last = ports_.reader.last_sequence(
      newest_, {.at = std::min(deadline.at, until), .stop = deadline.stop});
  if (!last) return fail(last.error());
  if (!newest_) newest_ = recent_after_ = *last;
  // A stream that comes later reads what it wants of them from the ledger.
  if (*newest_ < *last && followers_.empty() && passes_over_ && passes_over_()) {
    recent_.clear();
    newest_ = recent_after_ = *last;
  }
  while (*newest_ < *last) {
    auto events = ports_.reader.events(*newest_, kEventsAtOnce);
    // Too far behind for the ledger: the streams are told so one by one.
    if (!events && events.error().code == Code::out_of_range) {
      progress_.forget();
      recent_.clear();
      newest_ = recent_after_ = *last;
      return {};
    }
    if (!events) return fail(events.error());
    if (events->empty()) break;
    for (LedgerEvent& event : *events) {
      newest_ = event.sequence;
      seen_(event);
      progress_.note(event);
      recent_.push_back(std::move(event));
    }
    while (recent_.size() > kRecentMax) {
      recent_after_ = recent_.front().sequence;
      recent_.pop_front();
    }
  }
  return {};
}

Status EventFeed::deliver_all() {
  for (Follower& follower : followers_) {
    if (Status delivered = deliver(follower); !delivered) return delivered;
    if (Status delivered = deliver_progress(follower); !delivered) return delivered;
  }
  return {};
}

Status EventFeed::look_at_progress() {
  if (followers_.empty()) {
    progress_.forget();
    return {};
  }
  if (Status begun = progress_.begin(); !begun) return begun;
  return progress_.look(ports_.clock.steady_now(), [this](const Uuid& task, const auto& queue) {
    return is_wanted(as_event(task, queue));
  });
}

Result<bool> EventFeed::is_wanted(const LedgerEvent& running) {
  for (const Follower& follower : followers_) {
    std::size_t reads_left = 1;
    const auto verdict = sieve_.look(follower.filter, running, reads_left);
    if (!verdict) return fail(verdict.error());
    if (*verdict == EventSieve::Verdict::wanted) return true;
  }
  return false;
}

/// Only to a stream that has got the events before: a task is not told of before it began.
Status EventFeed::deliver_progress(Follower& follower) {
  if (follower.progress == progress_.newest() || follower.cursor < newest_) return {};
  const auto& board = progress_.board();
  std::size_t reads_left = kReadsAtOnce;
  for (auto next = board.upper_bound(follower.progress); next != board.end(); ++next) {
    const auto& [number, said] = *next;
    if (follower.stream->waiting() > kProgressUnsentMax) return {};
    const auto verdict = sieve_.look(follower.filter, as_event(said.task, said.queue), reads_left);
    if (!verdict) return fail(verdict.error());
    if (*verdict == EventSieve::Verdict::later) return {};
    if (*verdict == EventSieve::Verdict::wanted) follower.stream->write(text_of(said));
    follower.progress = number;
  }
  follower.progress = progress_.newest();
  return {};
}

Status EventFeed::deliver(Follower& follower) {
  if (follower.stream->waiting() > kUnsentMax) return {};
  if (follower.cursor < recent_after_) return catch_up(follower);
  return deliver_recent(follower);
}

template <class Iterator>
Status EventFeed::write(Follower& follower, Iterator event, Iterator end) {
  const bool all = wants_all(follower.filter);
  std::size_t reads_left = kReadsAtOnce;
  std::string text;
  Status looked;
  for (; event != end && text.size() < kUnsentMax; ++event) {
    bool is_wanted = all;
    if (!all) {
      const auto verdict = sieve_.look(follower.filter, *event, reads_left);
      if (!verdict) looked = fail(verdict.error());
      if (!verdict || *verdict == EventSieve::Verdict::later) break;
      is_wanted = *verdict == EventSieve::Verdict::wanted;
    }
    if (is_wanted) text += text_of(*event);
    follower.cursor = event->sequence;
  }
  if (!text.empty()) follower.stream->write(text);
  return looked;
}

Status EventFeed::deliver_recent(Follower& follower) {
  const auto first = std::upper_bound(
      recent_.begin(), recent_.end(), follower.cursor,
      [](std::uint64_t cursor, const LedgerEvent& event) { return cursor < event.sequence; });
  return write(follower, first, recent_.end());
}

/// The client is to list again, and the stream goes on from there.
void EventFeed::reset(Follower& follower, std::uint64_t last) {
  follower.cursor = last;
  follower.stream->write(event_text(std::to_string(last), "reset", bj::object{{"sequence", last}}));
}

Status EventFeed::catch_up(Follower& follower) {
  const auto events = ports_.reader.events(follower.cursor, kEventsAtOnce);
  if (!events && events.error().code == Code::out_of_range) {
    const auto last = ports_.reader.last_sequence(std::nullopt, {});
    if (!last) return fail(last.error());
    reset(follower, *last);
    return {};
  }
  if (!events) return fail(events.error());
  return write(follower, events->begin(), events->end());
}

void EventFeed::deliver_logs() {
  for (LogFollower& follower : log_followers_) {
    if (follower.stream->waiting() > kUnsentMax) continue;
    const Status delivered = deliver_log(follower);
    if (delivered) continue;
    // Its own trouble: the task was removed since, or cannot be read.
    if (delivered.error().code != Code::not_found) {
      log::warn("log_stream_ended", delivered.error().message,
                {{"task", to_string(follower.task)}});
    }
    follower.stream->end();
    follower.ended = true;
  }
}

Status EventFeed::deliver_log(LogFollower& follower) {
  // Output is stored before the end is: what is there after this is all if the task has ended.
  const auto task = ports_.reader.get(follower.task);
  if (!task) return fail(task.error());
  const auto page = ports_.logs.read(follower.task, follower.cursor, kLogBytesAtOnce);
  if (!page) return fail(page.error());
  std::string text;
  for (const LogChunk& chunk : page->chunks) {
    const bool is_last = &chunk == &page->chunks.back();
    text += event_text(is_last ? page->next_cursor : "", "log", chunk_to_json(chunk));
  }
  follower.cursor = page->next_cursor;
  if (page->chunks.empty() && is_finished(task->status.state)) {
    text += event_text("", "end", bj::object{{"state", json::text(to_string(task->status.state))}});
    follower.stream->write(text);
    follower.stream->end();
    follower.ended = true;
    return {};
  }
  if (!text.empty()) follower.stream->write(text);
  return {};
}

void EventFeed::keep_open() {
  const SteadyTime now = ports_.clock.steady_now();
  if (now < keep_open_at_) return;
  keep_open_at_ = now + kKeepOpen;
  for (const Follower& follower : followers_) {
    if (follower.stream->waiting() == 0) follower.stream->write(":\n\n");
  }
  for (const LogFollower& follower : log_followers_) {
    if (follower.stream->waiting() == 0) follower.stream->write(":\n\n");
  }
}

bool EventFeed::any_log_followers() const { return !log_followers_.empty(); }

Result<std::shared_ptr<BodyStream>> EventFeed::follow_events(std::optional<std::uint64_t> after,
                                                             EventFilter filter) {
  Follower follower{.stream = std::make_shared<BodyStream>(), .filter = std::move(filter)};
  const auto last = ports_.reader.last_sequence(std::nullopt, {});
  if (!last) return fail(last.error());
  follower.cursor = after.value_or(*last);
  // Something at once, so that the client knows that it is heard; and where it is, so that one that
  // loses the server before the first event goes on from there.
  follower.stream->write(":\n\nid: " + std::to_string(follower.cursor) + "\n\n");
  // It has seen more than there is: the ledger is an older copy of what it was.
  if (follower.cursor > *last) reset(follower, *last);
  auto stream = follower.stream;
  int pieces_left = asks_for_task(follower.filter) ? kPiecesAwaited : INT_MAX;
  while (follower.cursor < *last && stream->waiting() < kUnsentMax && pieces_left-- > 0) {
    const std::uint64_t before = follower.cursor;
    if (Status caught_up = catch_up(follower); !caught_up) return fail(caught_up.error());
    if (follower.cursor == before) break;
  }
  const Lock lock(mutex_);
  new_followers_.push_back(std::move(follower));
  return stream;
}

Result<std::shared_ptr<BodyStream>> EventFeed::follow_logs(const Uuid& task,
                                                           const std::string& cursor) {
  LogFollower follower{.stream = std::make_shared<BodyStream>(), .task = task, .cursor = cursor};
  follower.stream->write(":\n\n");
  auto stream = follower.stream;
  if (Status delivered = deliver_log(follower); !delivered) return fail(delivered.error());
  const Lock lock(mutex_);
  new_log_followers_.push_back(std::move(follower));
  return stream;
}

}  // namespace waybill::http
