#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "adapters/remote/ledger.h"
#include "adapters/remote/logs.h"
#include "ports/bell.h"

namespace waybill {

struct RemoteWorkParams {
  /// How long a claim waits at the server; a proxy in between must not be shorter.
  Duration wait = std::chrono::seconds(30);
  /// The server's leases are longer than asked for by this, and what came this long after it was
  /// asked for is handed on as it is; what came later is beaten for first.
  Duration slack = std::chrono::milliseconds(500);
};

/// A remote ledger as a worker wants it: claims wait at the server, so that an idle worker hears of
/// a task at once and asks seldom, while claim() itself never blocks for that: it answers what has
/// come, and `bell` rings when something has. A claim whose answer was lost is asked again as it
/// was, so that its tasks come all the same. Output is sent before the end of its run is told.
/// Thread-safe; ledger, logs, bell and clock outlive it.
class RemoteWork final : public WorkLedger {
 public:
  RemoteWork(RemoteLedger& ledger, RemoteLogs& logs, Bell& bell, Clock& clock,
             RemoteWorkParams params = {});
  /// Stops.
  ~RemoteWork() override;
  RemoteWork(const RemoteWork&) = delete;
  RemoteWork& operator=(const RemoteWork&) = delete;

  Time now() const override { return ledger_.now(); }
  /// Once the server could not be reached: why, until it answers again.
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override {
    return ledger_.extend(extensions);
  }
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    return ledger_.record(reports);
  }

  /// Waits for tasks no longer, from now on for good, and gives back what came and was not taken.
  void stop_claiming();

 private:
  struct Came {
    std::vector<Task> tasks;
    SteadyTime asked_at{};
  };
  enum class Now { idle, wanted, asking };
  /// Of one set of kinds: those that take a slot, or those that run inline. Under mutex_.
  struct Asking {
    ClaimParams params;  ///< as they were last asked for
    Now now = Now::idle;
    std::deque<Came> came;  ///< and not taken yet
    std::optional<Error> failure;
    bool greeted = false;                   ///< the server was there, though claims fail
    std::optional<RemoteClaim> unanswered;  ///< its tasks may be ours without our knowing
    std::jthread thread;
  };

  Asking& asking_for(const ClaimParams& params) REQUIRES(mutex_);
  Result<std::vector<Task>> outage_or_none(const ClaimParams& params) REQUIRES(mutex_);
  void run(Asking& asking);
  /// What is to be asked for now; none: nothing.
  std::optional<RemoteClaim> begin(Asking& asking);
  /// Asks, and notes what came of it.
  void ask(Asking& asking, const RemoteClaim& claim);
  void answered(Asking& asking, const RemoteClaim& claim, Result<std::vector<Task>> answer,
                Duration took);
  Result<std::vector<Task>> beaten(Came came, const ClaimParams& params);
  void give_back(std::vector<Task> tasks);

  RemoteLedger& ledger_;
  RemoteLogs& logs_;
  Bell& bell_;
  Clock& clock_;
  const RemoteWorkParams params_;
  std::stop_source stop_;
  Bell wanted_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Asking>> askings_ GUARDED_BY(mutex_);
};

}  // namespace waybill
