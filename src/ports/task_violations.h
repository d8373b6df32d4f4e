#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/task.h"
#include "core/transition.h"
#include "ports/ledger_admin.h"

namespace waybill {

/// What is wrong with one task, by itself: its status, its history, and the two together (I1 to I3,
/// I7; I5 and I6 as far as its key tells).
std::vector<Violation> task_violations(const Task& task, const std::vector<HistoryEntry>& history);

}  // namespace waybill
