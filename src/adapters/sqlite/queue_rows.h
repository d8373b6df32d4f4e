#pragma once

#include <vector>

#include "base/result.h"
#include "core/queue_settings.h"

namespace waybill::sqlite {

class Database;

/// The queues that were ever configured, by name.
Result<std::vector<QueueSettings>> read_queues(Database& database);

}  // namespace waybill::sqlite
