#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/object_store.h"

namespace waybill {

struct ScanLockParams {
  std::string holder;  ///< who this is, for people and for `is_gone`
  std::string token;   ///< this holder's alone, for all time; letters, digits and dashes
  /// A lock that was not renewed for this long, as a rival has watched it, is stale.
  Duration lease = std::chrono::seconds(30);
  /// Whether a holder is surely dead, so that nobody has to watch its lock. May be empty.
  std::function<bool(const std::string& holder)> is_gone;
};

/// That one scanner at a time works on a bucket: an object, put if absent, renewed while it is
/// held. No clocks are compared: a rival watches the object, and takes over if it was not renewed
/// for a lease; the holder knows that by its own clock before the rival can, and stops.
///
/// Nobody replaces or removes a lock that may be another's. A stale lock with token T is succeeded
/// by the object `task-markers/scan-lock-T`, again put if absent, so one of its rivals wins,
/// however late they come; the holder is who is last in the chain. It removes the chain from its
/// head on, so a late rival's successor to a lock of the past hangs on nothing and is seen to.
///
/// Where it may remove nothing, its holder marks the lock as released instead, so that the next one
/// need not wait, and writes into the chain's head where its end is, so that walks stay short.
///
/// A lock that somebody removes or overwrites while it is held is lost by its next renewal: whoever
/// found none may have it by then.
///
/// Where the store has no conditional put the lock only makes it unlikely that two work at once for
/// longer than to the next renewal.
/// Thread-safe but for acquire and release.
class ScanLock {
 public:
  enum class Outcome : std::uint8_t {
    acquired,
    held,  ///< another one is at work, see `rival`
  };

  ScanLock(ObjectStore& bucket, Clock& clock, ScanLockParams params);
  /// Releases it.
  ~ScanLock();
  ScanLock(const ScanLock&) = delete;
  ScanLock& operator=(const ScanLock&) = delete;

  /// Blocks for a lease at most where a lock is there whose holder does nothing. `cancelled` when
  /// asked to stop; what the bucket answers.
  Result<Outcome> acquire(const std::stop_token& stop);
  /// Still ours: no rival can have it yet.
  bool is_held() const;
  void release();
  const std::string& rival() const { return rival_; }

  static constexpr const char* kKey = "task-markers/scan-lock";

 private:
  /// What a lock object says.
  struct Seen {
    std::string key;
    std::string token;
    std::string holder;
    std::string body;
    bool released = false;
  };

  Result<bool> put(const std::string& key);
  /// The last lock of the chain; its key is empty if there is none. Writes `chain_`.
  Result<Seen> walk();
  Result<Outcome> meet(const Seen& seen);
  Result<bool> succeed(const Seen& seen);
  Outcome hold(const std::string& key);
  /// For a bucket from which this scanner may remove nothing: says so in the lock.
  Status mark_released(const std::string& key);
  std::string body() const;
  bool is_taken_away() const;
  void renew(const std::stop_token& stop);

  ObjectStore& bucket_;
  Clock& clock_;
  const ScanLockParams params_;
  std::string rival_;
  std::optional<std::string> watched_;  // the body that was seen last; it may be empty
  SteadyTime watched_since_{};
  std::vector<std::string> chain_;  // keys, the head first
  std::string key_;                 // ours; empty: none
  mutable Mutex mutex_;
  SteadyTime renewed_at_ GUARDED_BY(mutex_){};
  std::int64_t renewals_ = 0;
  bool waits_ = false;
  bool is_marked_ = false;  // released, and still there
  std::jthread renewer_;
};

}  // namespace waybill
