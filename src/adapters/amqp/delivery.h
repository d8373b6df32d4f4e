#pragma once

#include <cstdint>

#include "ports/queue.h"

struct amqp_envelope_t_;

namespace waybill::amqp {

Message message_of(const amqp_envelope_t_& envelope);
/// 2 for one that a classic queue delivers again; quorum queues count.
std::uint32_t delivery_count_of(const amqp_envelope_t_& envelope);
/// Publishers may say it; zero where they do not.
Time published_at(const amqp_envelope_t_& envelope);

}  // namespace waybill::amqp
