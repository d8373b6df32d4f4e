#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apps/waybill/cli/output.h"
#include "apps/waybill/cli/table.h"
#include "core/schedule.h"
#include "core/task.h"

namespace waybill::cli {

/// A state in its colour.
Cell state_cell(State state);

/// "3m ago", "in 5s", or "" for a time that is not set.
std::string relative(Time time, Time now);

/// A duration for people: rounded to two digits' worth, "1.2s", "3m10s", "5d".
std::string rounded(Duration duration);

/// What a task is called: its definition, else its kind.
std::string title_of(const Task& task);

/// One line on what matters most about a task now: error, worker, when it is due.
std::string remark_on(const Task& task, Time now);

/// "1 task", "2 tasks".
std::string counted(std::int64_t number, std::string_view one);

/// A time for a table: nobody reads its microseconds.
std::string to_the_second(Time time);

/// Since when a schedule that is paused is so, by whom and why.
std::string pause_in_words(const Schedule& schedule);

}  // namespace waybill::cli
