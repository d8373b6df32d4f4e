#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/uuid.h"
#include "core/task.h"
#include "ports/queue.h"

namespace waybill {

/// A hint with more than this says the task's id alone.
inline constexpr std::size_t kHintBytesMax = 64 * 1024;

/// The message that says "this task is ready" (docs/reference/amqp.md): its id, kind, queue,
/// definition, attempt and params. The message's id is the task's, with the fence of its last lease
/// where there was one: so a broker that drops duplicates drops no second try.
Message make_hint(const Task& task);

/// A priority of a task as brokers have it, 0 to 9: 4 is that of a task without one.
std::uint8_t broker_priority(int priority);

struct Hint {
  Uuid task;
  std::string kind;  ///< empty: the hint does not say
};
/// `invalid_argument` if the message is no hint: it came from somebody else.
Result<Hint> read_hint(const Message& message);

}  // namespace waybill
