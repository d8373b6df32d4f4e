#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "adapters/amqp/connection.h"
#include "apps/waybill/session.h"
#include "core/definition.h"
#include "core/metrics_text.h"
#include "services/service.h"

namespace waybill::cli {

inline constexpr Duration kRabbitAnswerMax = std::chrono::seconds(5);

/// Whether RabbitMQ answers, for metrics: asked on a connection of its own, so that an idle server
/// knows it too.
class RabbitWatch final : public Service {
 public:
  explicit RabbitWatch(amqp::ConnectionParams params);

  std::string_view name() const override { return "rabbit_watch"; }
  /// A broker that is away is no error: it is asked again after a while.
  Result<Duration> step(const Deadline& deadline) override;
  /// `waybill_broker_up`, once the broker was asked. Thread-safe.
  void add_metrics(std::vector<MetricSample>& samples) const;
  /// Cuts what waits for the broker. Thread-safe.
  void leave() { stop_.request_stop(); }

 private:
  enum class Seen : std::uint8_t { not_yet, up, away };
  Status ask();

  std::stop_source stop_;
  const amqp::ConnectionParams params_;
  std::unique_ptr<amqp::Connection> connection_;  // of the thread that steps
  std::atomic<Seen> seen_ = Seen::not_yet;
};

/// Null where nothing of this process goes by way of RabbitMQ. `invalid_argument` if it is not
/// named.
Result<std::unique_ptr<RabbitWatch>> open_rabbit_watch(Session& session,
                                                       const Definitions& definitions);

}  // namespace waybill::cli
