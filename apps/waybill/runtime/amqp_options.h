#pragma once

#include <string>

#include "adapters/amqp/queue.h"
#include "apps/waybill/environment.h"
#include "base/result.h"

namespace waybill::cli {

/// Where RabbitMQ is, as a command's options say it.
struct AmqpPlace {
  std::string url;       ///< of --amqp-url; empty: see below
  std::string url_file;  ///< of --amqp-url-file; empty: the variable WAYBILL_AMQP_URL counts
};

/// How to connect there, and whom to trust (SSL_CERT_FILE). `invalid_argument` where no place is
/// given, or two are, or the URL makes no sense; nothing of it is shown, as it may hold a password.
Result<amqp::ConnectionParams> amqp_connection(const AmqpPlace& place,
                                               const Variables& environment);

/// Of --amqp-queue-type: classic, quorum, or empty for the broker's default.
Result<AmqpQueueType> amqp_queue_type(const std::string& text);

}  // namespace waybill::cli
