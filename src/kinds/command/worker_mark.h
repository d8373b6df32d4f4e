#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// What containers are marked with: `io.waybill.worker=` and the mark of the worker's process.
inline constexpr std::string_view kWorkerLabel = "io.waybill.worker=";
/// And with `io.waybill.task=` and the id of their task.
inline constexpr std::string_view kTaskLabel = "io.waybill.task=";

/// Names this process for as long as the machine runs: its number and when it began.
std::string own_worker_mark();
/// Whether the process of a mark still runs; false for what is no mark.
bool is_worker_alive(std::string_view mark);

}  // namespace waybill
