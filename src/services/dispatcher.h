#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "ports/queue.h"
#include "services/service.h"

namespace waybill {

struct DispatcherParams {
  std::size_t batch = 500;           ///< events of one step; messages of one call of a broker
  std::size_t pending_max = 10'000;  ///< hints of one queue that wait for its broker
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
  /// The broker of a queue of the ledger, asked for once when the queue's first task is ready;
  /// null: it has none. What it gives outlives the dispatcher.
  using BrokerOf = std::function<Queue*(const std::string& queue)>;

  Dispatcher(LedgerReader& reader, Clock& clock, BrokerOf broker_of,
             const DispatcherParams& params = {});

  std::string_view name() const override { return "dispatcher"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Pending {
    Uuid task;
    std::optional<Message> hint{};  ///< of one that was just read; else it is read again
  };
  struct Lane {
    Queue* broker = nullptr;
    /// Publishing all that are ready: the page that comes next. None: events tell of them.
    std::optional<std::string> page{};
    std::vector<Pending> pending{};  ///< not taken by the broker yet
    std::uint32_t failures = 0;      ///< in a row
    SteadyTime not_before{};         ///< after a failure
  };
  enum class Progress : std::uint8_t { more, caught_up };

  Status begin();
  Result<Progress> read_events();
  Lane& lane_of(const std::string& queue);
  void add(Lane& lane, const Uuid& task);
  Status read_ready(const std::string& queue, Lane& lane);
  Result<Progress> advance(const std::string& queue, Lane& lane);
  /// One call of the broker with the first of those that are pending.
  Status publish(const std::string& queue, Lane& lane);
  struct Hints {
    std::vector<Message> messages;
    std::vector<Uuid> tasks;  ///< whose they are
  };
  Result<Hints> hints_of(std::span<const Pending> pending);
  void back_off(const std::string& queue, Lane& lane, const Error& error);
  Result<Duration> wait_for_news(const Deadline& deadline);

  LedgerReader& reader_;
  Clock& clock_;
  const BrokerOf broker_of_;
  const DispatcherParams params_;
  /// The last event that was looked at. None: all ready tasks have to be published first.
  std::optional<std::uint64_t> cursor_;
  std::map<std::string, Lane> lanes_;
};

}  // namespace waybill
