#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ports/http_client.h"
#include "ports/queue.h"

namespace waybill::pubsub {

/// Whether Pub/Sub can carry the message at all: its sizes and attributes are within the service's
/// limits, and there is something to carry. `invalid_argument` with what was found and what is
/// allowed.
Status check_message(const Message& message, std::size_t body_bytes_max,
                     std::string_view id_attribute);

/// A message of a publish request: `data` in base64, and the attributes if there are any; with
/// `id_attribute` not empty, the message's id is one of them.
std::string encode_message(const Message& message, std::string_view id_attribute);

/// How many messages an answer to publish has ids for; 0 if it is none.
std::size_t published_count(std::string_view answer);

/// The deliveries of an answer to pull. What can't be understood is passed over as far as possible:
/// without `data` the body is empty, data that is no base64 is the body as it is, and an entry
/// without an `ackId` is left out with a warning. `data_loss` if the answer is not JSON of the
/// form.
Result<std::vector<Delivery>> decode_pull(std::string_view answer, std::string_view id_attribute);

/// What a status other than 2xx means, with what the service said.
Error error_of(const HttpResponse& response, std::string_view action, Time now);

}  // namespace waybill::pubsub
