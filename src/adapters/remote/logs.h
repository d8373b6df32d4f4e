#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapters/remote/held.h"
#include "adapters/remote/server.h"
#include "base/deadline.h"
#include "base/mutex.h"
#include "ports/bell.h"
#include "ports/log_store.h"

namespace waybill {

struct RemoteLogsParams {
  Duration every = std::chrono::milliseconds(200);  ///< what was written waits no longer
  std::size_t batch_bytes = 64 << 10;               ///< that are sent at once
  /// Of one run, while the server takes none: then the run's writing waits too.
  std::size_t waiting_bytes_max = 1 << 20;
  int senders = 4;
  /// How long the server may take none of a run's output before some is dropped, and said so.
  Duration refused_max = std::chrono::seconds(30);
};

/// Sends what runs write, in batches, each run's in order. A batch whose answer did not come is
/// sent again as it was, under its Idempotency-Key and with the count of chunks before it, until
/// the lease is over: the server keeps each chunk once, also if it was restarted meanwhile. What is
/// not UTF-8 becomes U+FFFD. Thread-safe; server, held and clock outlive it.
class RemoteLogs final : public LogSink {
 public:
  RemoteLogs(RemoteServer& server, HeldTasks& held, Clock& clock, RemoteLogsParams params = {});
  /// What is not sent yet is lost.
  ~RemoteLogs() override;
  RemoteLogs(const RemoteLogs&) = delete;
  RemoteLogs& operator=(const RemoteLogs&) = delete;

  /// Blocks only while too much waits. `aborted`: the lease is over; `unavailable`: the server
  /// takes none, for so long that this piece is dropped.
  Status append(const Uuid& task, const LogChunk& chunk) override;
  /// Has a run's output sent now, without waiting for it.
  void hurry(const Uuid& task, std::uint64_t fence);
  /// The same, and blocks until the server has it. `unavailable`: it could not be reached, or not
  /// by the deadline: try again; `aborted`: the lease is over.
  Status flush(const Uuid& task, std::uint64_t fence, const Deadline& deadline = {});
  /// Drops what a run has written and the server has taken none of for `refused_max`, so that its
  /// end can be told; says whether it did.
  bool give_up(const Uuid& task, std::uint64_t fence);
  /// Of a run whose end the server knows.
  void forget(const Uuid& task, std::uint64_t fence);

 private:
  struct Batch {
    std::string key;
    std::string body;
    std::size_t bytes = 0;
    std::uint64_t chunks = 0;
    bool went_unanswered = false;
  };
  /// The output of one run, under mutex_.
  struct Lane {
    Uuid task;
    std::uint64_t fence = 0;
    std::deque<LogChunk> waiting;
    std::size_t bytes = 0;       ///< that wait, those of `batch` too
    std::optional<Batch> batch;  ///< on its way, or to be sent again
    /// Chunks, by the server; none: nobody knows.
    std::optional<std::uint64_t> taken = 0;
    bool is_sending = false;
    bool is_over = false;  ///< the lease is: nothing more is sent
    SteadyTime due = kSteadyTimeMax;
    Duration pause{};  ///< after a failure
    std::uint64_t failures = 0;
    Error failure;
    std::optional<SteadyTime> refused_since;  ///< until something is taken
  };
  using LanePtr = std::shared_ptr<Lane>;  // shared with who sends or waits, while it is removed
  using Key = std::pair<Uuid, std::uint64_t>;

  LanePtr find(const Key& key) REQUIRES(mutex_);
  bool is_refused(const Lane& lane) const REQUIRES(mutex_);
  void put(Lane& lane, const LogChunk& chunk) REQUIRES(mutex_);
  void run(const std::stop_token& stop);
  /// One that is due, marked as being sent; null: none, and `next` is when there may be one.
  LanePtr take_due(SteadyTime now, SteadyTime& next) REQUIRES(mutex_);
  void make_batch(Lane& lane) REQUIRES(mutex_);
  Status send(const Lane& lane, const std::stop_token& stop);
  void sent(Lane& lane, const Status& answer);
  void close(Lane& lane) REQUIRES(mutex_);

  RemoteServer& server_;
  HeldTasks& held_;
  Clock& clock_;
  const RemoteLogsParams params_;
  std::stop_source stop_;
  Bell more_;  // to be sent
  Bell gone_;  // something was sent, or will never be
  Mutex mutex_;
  std::map<Key, LanePtr> lanes_ GUARDED_BY(mutex_);
  std::vector<std::jthread> senders_;  // last: they use all of the above
};

}  // namespace waybill
