#pragma once

#include <string_view>

namespace waybill {

/// What created_by begins with for tasks that are steps of a run; the run's id follows.
inline constexpr std::string_view kRunPrefix = "run:";

}  // namespace waybill
