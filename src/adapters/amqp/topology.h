#pragma once

#include <string_view>

#include "adapters/amqp/connection.h"
#include "adapters/amqp/queue.h"
#include "base/result.h"

namespace waybill::amqp {

/// Whether a RabbitMQ of that version takes a quorum queue that counts no giving back: those before
/// 4.0 refuse the argument, and need none, as they have no limit unless one is set.
bool can_be_unlimited(std::string_view version);

/// Declares the queue of the options, durable, by its name and type alone. `failed_precondition` if
/// it is there with other properties.
Status declare_queue(Connection& connection, const AmqpOptions& options);

/// Makes what AmqpMakes::topology or ::binding says, on connections of its own, since the broker
/// closes a channel for each refusal. Safe to repeat. `failed_precondition` if an exchange is there
/// with another type.
Status make_topology(const AmqpOptions& options);

}  // namespace waybill::amqp
