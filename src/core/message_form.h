#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// What the body of a message must be.
enum class MessageForm : std::uint8_t {
  prio,  ///< one of Prio's two tasks, as its workers read them
  json,  ///< any JSON object
  any,
};

/// What a worker wants to know of a message before it runs anything.
struct MessageFacts {
  std::string trace_id;  ///< its `trace-id`; empty: none that can be an id
  std::string task;      ///< `intake` or `aggregate`; empty: neither
  std::string aggregation_id;
};

/// Reads a body. `prio`: every field that the facilitator needs is there, ids of batches are UUIDs
/// and times are minutes; it would crash over anything else. `invalid_argument` says what is wrong
/// and never quotes the body.
Result<MessageFacts> read_message(MessageForm form, std::string_view body);

}  // namespace waybill
