#pragma once

#include <string>

#include "apps/waybill/environment.h"
#include "base/result.h"

namespace waybill::cli {

/// Tells the service manager that started this process, if one is listening, how it stands: sends
/// `state`, e.g. "READY=1" or "STOPPING=1", to the datagram socket that NOTIFY_SOCKET names.
/// Blocks for 5 s at most; may be repeated. `unavailable` if there is a socket and it does not take
/// it. Source: sd_notify(3), systemd's protocol.
Status notify_service_manager(const Variables& environment, const std::string& state);

/// The same with the variables that this process was started with; a failure is logged, since
/// nothing else depends on it.
void tell_ready();
void tell_stopping();

}  // namespace waybill::cli
