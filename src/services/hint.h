#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/uuid.h"
#include "ports/queue.h"

namespace waybill {

/// The message that says "this task is ready": `{"task":"ID"}`. Its id is the task's, with the
/// fence of its last lease where there was one: so a broker that drops duplicates drops no second
/// try.
Message make_hint(const Uuid& task, std::uint64_t fence);

/// The task of a hint. `invalid_argument` if the message is none: it came from somebody else.
Result<Uuid> task_of_hint(const Message& message);

}  // namespace waybill
