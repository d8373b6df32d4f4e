#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "ports/queue.h"
#include "services/service.h"

namespace waybill {

struct HintLaneParams {
  std::size_t batch = 500;           ///< messages of one call of a broker
  std::size_t pending_max = 10'000;  ///< hints that wait for the broker
  Duration backoff_first = std::chrono::milliseconds(100);
  Duration backoff_max = std::chrono::seconds(10);
};

/// Publishes hints at the tasks of one queue of the ledger. What waits for a broker that is away
/// need not be kept: the ledger has it.
class HintLane final : public Service {
 public:
  /// All outlive it.
  struct Ports {
    LedgerReader& reader;
    Clock& clock;
    Queue& broker;
  };
  HintLane(const Ports& ports, std::string queue, const HintLaneParams& params);

  /// A task that became ready. Thread-safe.
  void add(const Uuid& task);
  /// All that are ready have to be published. Thread-safe.
  void publish_all();

  std::string_view name() const override { return "dispatcher"; }
  /// Blocks for the broker's answer only. A broker that fails is tried again later, which is no
  /// error of the step; nothing to do: the longest wait there is.
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Pending {
    Uuid task;
    std::optional<Message> hint{};  ///< of one that was just read; else it is read again
  };
  struct Hints {
    std::vector<Message> messages;
    std::vector<Uuid> tasks;  ///< whose they are
  };

  void take_in();
  Status advance();
  Status read_ready();
  Status publish();
  Result<Hints> hints_of(std::span<const Pending> pending);
  void back_off(const Error& error);
  bool owes() const { return !pending_.empty() || page_; }

  const Ports ports_;
  const std::string queue_;
  const HintLaneParams params_;
  Mutex mutex_;
  std::vector<Uuid> coming_ GUARDED_BY(mutex_);
  bool all_ GUARDED_BY(mutex_) = false;
  // Of the thread that steps.
  std::optional<std::string> page_;  ///< publishing all that are ready: the page that comes next
  std::vector<Pending> pending_;     ///< not taken by the broker yet
  std::uint32_t failures_ = 0;       ///< in a row
  SteadyTime not_before_{};          ///< after a failure
};

}  // namespace waybill
