#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

enum class BrokerKind : std::uint8_t {
  none,    ///< the ledger itself
  amqp,    ///< RabbitMQ
  pubsub,  ///< Google Pub/Sub
  sns,     ///< Amazon's SNS, with SQS behind it
};

/// Which broker carries tasks, as the setting `queue` says it.
struct BrokerUrl {
  BrokerKind kind = BrokerKind::none;
  /// URL of RabbitMQ (empty: it is told elsewhere), project of Google's, region of Amazon's.
  std::string place;
};

/// Reads amqp, amqp://…, amqps://…, gcp-pubsub:PROJECT, aws-sns:REGION, or an empty text.
/// `invalid_argument` says what would be right, and shows no password.
Result<BrokerUrl> parse_broker_url(std::string_view text);

}  // namespace waybill
