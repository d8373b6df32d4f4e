#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "ports/queue.h"
#include "services/hint_lane.h"
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
  /// Has a queue's hints published from now on, by a thread of its own, and answers how to tell
  /// that there are some. Ends before the dispatcher does.
  using LaneHost = std::function<std::function<void()>(Service& lane)>;

  /// Without a host the dispatcher publishes itself, one queue after the other: where no broker
  /// keeps it waiting.
  Dispatcher(LedgerReader& reader, Clock& clock, BrokerOf broker_of,
             const DispatcherParams& params = {}, LaneHost host = {});

  std::string_view name() const override { return "dispatcher"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Lane {
    std::unique_ptr<HintLane> hints;  ///< null: the queue has no broker
    std::function<void()> ring;       ///< where it has a host
  };
  enum class Progress : std::uint8_t { more, caught_up };

  Status begin();
  Result<Progress> read_events();
  Lane& lane_of(const std::string& queue);
  /// Answers when the first of the lanes wants its next step.
  Result<Duration> step_lanes(const Deadline& deadline);
  Result<Duration> wait_for_news(const Deadline& deadline);

  LedgerReader& reader_;
  Clock& clock_;
  const BrokerOf broker_of_;
  const DispatcherParams params_;
  const LaneHost host_;
  /// The last event that was looked at. None: all ready tasks have to be published first.
  std::optional<std::uint64_t> cursor_;
  std::map<std::string, Lane> lanes_;
};

}  // namespace waybill
