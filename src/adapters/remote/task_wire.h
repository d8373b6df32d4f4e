#pragma once

#include <boost/json/fwd.hpp>

#include "core/task.h"

namespace waybill {

/// A task as task_to_json writes it. Throws std::exception where that is not what it is.
Task task_from_json(const boost::json::value& value);

}  // namespace waybill
