#pragma once

#include "adapters/redis/address.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill::redis {

/// A socket that is connected to the first of the host's addresses that answers, within `time_max`;
/// only finding out the addresses takes as long as the system's resolver does. The caller closes
/// it. hiredis' own would be passed on to every program that a task runs.
Result<int> connect_to(const Address& address, Duration time_max);

}  // namespace waybill::redis
