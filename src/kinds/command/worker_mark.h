#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// What containers are marked with: `io.waybill.worker=` and the mark of the worker's process.
inline constexpr std::string_view kWorkerLabel = "io.waybill.worker=";
/// And with `io.waybill.task=` and the id of their task.
inline constexpr std::string_view kTaskLabel = "io.waybill.task=";

/// Names this process among all of all machines' boots: its number, when it began, the namespace of
/// processes that the number is of, and the machine's boot. No dots; at most 80 characters.
std::string own_worker_mark();
/// Whether the process of a mark may still run: one of another namespace of processes, as of
/// another container, may for as long as the machine has not started anew, since it can't be looked
/// at from here. False for what is no mark.
bool is_worker_alive(std::string_view mark);

}  // namespace waybill
