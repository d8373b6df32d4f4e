#pragma once

#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/mutex.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/host_turns.h"

namespace waybill {

struct HostGateParams {
  Duration lease = std::chrono::seconds(10);
  Duration renew_every = std::chrono::seconds(1);
  /// So long terms count that nobody has renewed.
  Duration terms_max = std::chrono::seconds(3);
  Duration ask_again = std::chrono::milliseconds(250);  ///< where all slots are taken
};

/// Lets the requests of a worker's threads pass, as all workers of its ledger have agreed. It takes
/// turns for a second ahead, all that is to be asked in one call, and gives back what is not used
/// within one. Thread-safe; turns and clock outlive it.
class HostGate {
 public:
  HostGate(HostTurns& turns, Clock& clock, const Uuid& holder, HostGateParams params = {});
  /// Gives all back. No request is under way then.
  ~HostGate();
  HostGate(const HostGate&) = delete;
  HostGate& operator=(const HostGate&) = delete;

  struct Wish {
    std::string host;
    int at_once = 1;      ///< requests of all workers
    Duration delay{};     ///< between two of them
    Duration wait_max{};  ///< longer than this it is not waited for
  };
  /// While it lives, a request may be under way.
  class Turn {
   public:
    Turn(HostGate& gate, std::string host) : gate_(&gate), host_(std::move(host)) {}
    Turn(Turn&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), host_(std::move(other.host_)) {}
    ~Turn() {
      if (gate_ != nullptr) gate_->end(host_);
    }

   private:
    HostGate* gate_;
    std::string host_;
  };
  /// Blocks until a request may begin. With `retry_after`: `resource_exhausted` where it may not so
  /// soon, `unavailable` where the host has used up its retry budget. `cancelled`,
  /// `deadline_exceeded`; else as HostTurns.
  Result<Turn> take(const Wish& wish, const Deadline& deadline) EXCLUDES(mutex_);

  struct News {
    std::string host;
    Duration leave_alone{};  ///< that it has asked for
    int failures = 0;
  };
  /// Is told to all workers before it returns, or, if that fails now, within seconds.
  void tell(const News& news) EXCLUDES(mutex_);

 private:
  struct Lane {
    int in_use = 0;
    int waiting = 0;
    int most_wanted = 0;  // since it was last asked for
    int slots = 0;
    int times = 0;  // of requests to come, the first at next_at
    SteadyTime next_at{};
    SteadyTime asked_at{};  // terms are of then
    SteadyTime ask_after{};
    SteadyTime alone_until{};
    bool is_spent = false;
    bool is_known = false;  // there are terms
    bool is_asking = false;
    bool to_ask = false;
    HostNeed need{};  // as it is asked for, and news that is not told yet
  };
  using Lanes = std::map<std::string, Lane>;

  /// Counts a thread that waits.
  class Waiting {
   public:
    Waiting(HostGate& gate, const std::string& host);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    HostGate& gate_;
    const std::string host_;
  };
  struct Look {
    std::optional<SteadyTime> at{};  ///< the request may begin then
    std::optional<Error> refusal{};
    bool is_to_ask = false;
  };

  void end(const std::string& host) EXCLUDES(mutex_);
  Look look(Lock& lock, Lane& lane, const Wish& wish, SteadyTime end) REQUIRES(mutex_);
  std::optional<SteadyTime> may_begin(Lane& lane, const Wish& wish, SteadyTime now) const
      REQUIRES(mutex_);
  /// Asks for all lanes that are to be asked for; waits where another thread is about it.
  Status ask(SteadyTime until = kSteadyTimeMax) EXCLUDES(mutex_);
  Status ask_all() EXCLUDES(mutex_);
  std::vector<HostNeed> needs_to_ask() REQUIRES(mutex_);
  void take_terms(Lane& lane, const HostTerms& terms, bool has_asked_times, SteadyTime asked_at)
      REQUIRES(mutex_);
  bool await_renewal() EXCLUDES(mutex_);
  void renew() EXCLUDES(mutex_);

  HostTurns& turns_;
  Clock& clock_;
  const Uuid holder_;
  const HostGateParams params_;
  Mutex mutex_;
  Condition changed_;
  Lanes lanes_ GUARDED_BY(mutex_);
  bool is_calling_ GUARDED_BY(mutex_) = false;
  bool is_over_ GUARDED_BY(mutex_) = false;
  std::jthread renewer_;
};

}  // namespace waybill
