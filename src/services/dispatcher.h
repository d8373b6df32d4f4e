#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "ports/queue.h"
#include "services/service.h"

namespace waybill {

struct DispatcherParams {
  std::size_t batch = 500;  ///< events, or ready tasks, of one step and queue
  Duration backoff_first = std::chrono::milliseconds(100);
  Duration backoff_max = std::chrono::seconds(10);
  /// Between looks at a ledger that cannot tell of changes.
  Duration poll = std::chrono::milliseconds(100);
};

/// Publishes a hint to the broker of a queue for each task of that queue that becomes ready. Keeps
/// nothing on disk: when it starts, and when it fell behind the ledger's events, it publishes all
/// that are ready. A broker that is full or fails is tried again later, and costs the tasks of its
/// queue time only; the other queues go on.
class Dispatcher final : public Service {
 public:
  /// `brokers`: by queue name, never null; they outlive the dispatcher.
  Dispatcher(LedgerReader& reader, Clock& clock, const std::map<std::string, Queue*>& brokers,
             const DispatcherParams& params = {});

  std::string_view name() const override { return "dispatcher"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Lane {
    std::string queue;
    Queue* broker = nullptr;
    /// The last event that was looked at. None: all ready tasks have to be published first.
    std::optional<std::uint64_t> cursor{};
    /// Publishing all ready ones: the page that comes next.
    std::optional<std::string> page{};
    std::vector<Message> pending{};  ///< not taken by the broker yet; at most `batch`
    std::uint32_t failures = 0;      ///< in a row
    SteadyTime not_before{};         ///< after a failure
  };
  enum class Progress : std::uint8_t { more, caught_up };

  Result<Progress> advance(Lane& lane);
  Status begin(Lane& lane);
  Status read_ready(Lane& lane);
  Result<Progress> read_events(Lane& lane);
  Status publish(Lane& lane);
  void back_off(Lane& lane, const Error& error);
  Result<Duration> wait_for_news(const Deadline& deadline);

  LedgerReader& reader_;
  Clock& clock_;
  const DispatcherParams params_;
  std::vector<Lane> lanes_;
};

}  // namespace waybill
