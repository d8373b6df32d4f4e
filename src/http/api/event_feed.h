#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "core/event_filter.h"
#include "http/api/event_sieve.h"
#include "http/api/live_progress.h"
#include "http/body_stream.h"
#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "ports/log_store.h"
#include "services/service.h"

namespace waybill::http {

/// Follows the ledger's events for all streams, so that a stream costs no thread and no reads of
/// its own; and the output of tasks that are followed. A stream that is read slowly is left behind
/// and taken up from the ledger where it is: nothing is missed, and no more than a bounded piece of
/// it waits in memory. Thread-safe; step() runs on one thread.
class EventFeed final : public Service {
 public:
  struct Ports {
    LedgerReader& reader;
    LogStore& logs;
    Clock& clock;
  };
  /// `seen` is told of each change, on the thread of step(): whoever waits for it can look again.
  /// `passes_over` is asked where no stream wants what has come: true, and `seen` is not told of it
  /// either, so that a busy ledger's events are read for somebody alone; empty: never.
  EventFeed(Ports ports, std::function<void(const LedgerEvent&)> seen,
            std::function<bool()> passes_over = {});

  std::string_view name() const override { return "event_feed"; }
  Result<Duration> step(const Deadline& deadline) override;

  /// A stream of server-sent events (WHATWG HTML, 9.2) from those after `after` on; none: from now
  /// on. Each has its sequence as id. Beside them, without an id and while they run: what tasks
  /// that fit the filter say of their progress. Blocks for the ledger.
  Result<std::shared_ptr<BodyStream>> follow_events(std::optional<std::uint64_t> after,
                                                    EventFilter filter);
  /// A stream of the output of a task, from the cursor of a LogPage on: an event `log` for each
  /// chunk with the cursor after it as id, and `end` when the task has ended and all was told.
  Result<std::shared_ptr<BodyStream>> follow_logs(const Uuid& task, const std::string& cursor);

 private:
  struct Follower {
    std::shared_ptr<BodyStream> stream;  // shared with the server, which sends it
    EventFilter filter;
    std::uint64_t cursor = 0;
    std::uint64_t progress = 0;  // the last of the board that it has got
  };
  struct LogFollower {
    std::shared_ptr<BodyStream> stream;  // shared likewise
    Uuid task;
    std::string cursor;
    bool ended = false;  // all was written
  };
  /// How long to wait for news: not at all while a stream has not got what is known.
  Duration time_to_look() const;
  Status take_news(const Deadline& deadline);
  Status deliver_all();
  Status deliver(Follower& follower);
  Status deliver_recent(Follower& follower);
  Status catch_up(Follower& follower);
  Status look_at_progress();
  Result<bool> is_wanted(const LedgerEvent& running);
  Status deliver_progress(Follower& follower);
  /// Writes what it wants of these, and puts its cursor behind all that was looked at.
  template <class Iterator>
  Status write(Follower& follower, Iterator event, Iterator end);
  static void reset(Follower& follower, std::uint64_t last);
  void deliver_logs();
  Status deliver_log(LogFollower& follower);
  void keep_open();
  bool any_log_followers() const;

  const Ports ports_;
  const std::function<void(const LedgerEvent&)> seen_;
  const std::function<bool()> passes_over_;
  EventSieve sieve_{ports_.reader};
  // Of the thread of step() alone:
  std::optional<std::uint64_t> newest_;  // all events up to it are told to `seen_`, or passed over
  std::deque<LedgerEvent> recent_;       // all those after `recent_after_`
  std::uint64_t recent_after_ = 0;
  SteadyTime keep_open_at_{};
  LiveProgress progress_{ports_.reader};
  std::vector<Follower> followers_;
  std::vector<LogFollower> log_followers_;
  mutable Mutex mutex_;
  std::vector<Follower> new_followers_ GUARDED_BY(mutex_);
  std::vector<LogFollower> new_log_followers_ GUARDED_BY(mutex_);
};

}  // namespace waybill::http
