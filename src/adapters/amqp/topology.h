#pragma once

#include "adapters/amqp/connection.h"
#include "adapters/amqp/queue.h"
#include "base/result.h"

namespace waybill::amqp {

/// Declares the queue of the options, durable, by its name and type alone. `failed_precondition` if
/// it is there with other properties.
Status declare_queue(Connection& connection, const AmqpOptions& options);

/// Makes what AmqpMakes::topology or ::binding says, on connections of its own, since the broker
/// closes a channel for each refusal. Safe to repeat. `failed_precondition` if an exchange is there
/// with another type.
Status make_topology(const AmqpOptions& options);

}  // namespace waybill::amqp
