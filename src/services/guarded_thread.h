#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace waybill {

/// Starts a thread whose exceptions end the process with status 70 after one line in the log: they
/// are bugs, all state is durable, and a restart is cheap. `name` is stable, for the log.
std::jthread guarded_thread(std::string name, std::function<void(const std::stop_token&)> body);

}  // namespace waybill
