#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"

namespace waybill::prio {

/// Take one batch in: what workflow-manager publishes for its intake workers.
struct IntakeMessage {
  Uuid trace_id;
  std::string aggregation_id;
  std::string batch_id;
  Time date{};  ///< a whole minute

  bool operator==(const IntakeMessage&) const = default;
};

struct AggregatedBatch {
  std::string id;
  Time time{};  ///< a whole minute

  bool operator==(const AggregatedBatch&) const = default;
};

/// Add the shares of a window's batches up.
struct AggregateMessage {
  Uuid trace_id;
  std::string aggregation_id;
  Time begin{};
  Time end{};
  std::vector<AggregatedBatch> batches;

  bool operator==(const AggregateMessage&) const = default;
};

/// Byte for byte what Go's encoding/json makes of workflow-manager's structures: fields in its
/// order, no spaces, `<` `>` `&` U+2028 U+2029 escaped, each byte that is not UTF-8 as \ufffd.
std::string encode(const IntakeMessage& message);
std::string encode(const AggregateMessage& message);

/// Reads a message: all fields are required, their order is free, unknown ones are ignored, minutes
/// are `YYYY/MM/DD/HH/mm`. Batch ids are any text: a worker that needs UUIDs checks them.
/// `invalid_argument` names the field and what it takes.
Result<IntakeMessage> decode_intake(std::string_view text);
Result<AggregateMessage> decode_aggregate(std::string_view text);

/// Appends one string as encoding/json writes it, quotes included.
void append_go_string(std::string& out, std::string_view text);

}  // namespace waybill::prio
