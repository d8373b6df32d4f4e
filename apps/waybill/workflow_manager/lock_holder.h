#pragma once

#include <string>

namespace waybill::cli {

/// Who this process is, in a way that another process on this machine can look up:
/// `HOST pid=N start=TICKS boot=UUID namespace=N`.
std::string lock_holder();

/// Whether the holder was a process of this machine, under this boot and in our pid namespace, and
/// is no more. False whenever that cannot be told.
bool is_gone(const std::string& holder);

}  // namespace waybill::cli
