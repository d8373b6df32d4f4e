#pragma once

#include <cstdint>
#include <set>

#include "adapters/postgres/database.h"

namespace waybill::postgres {

/// Handles whose finished tasks share a partition; waybill.make_partition knows the number too.
inline constexpr std::int64_t kHandlesPerPartition = 500'000;

inline std::int64_t span_of(std::int64_t handle) { return handle / kHandlesPerPartition; }

/// Makes those partitions of finished tasks, where they are missing.
Status make_partitions(Database& database, const std::set<std::int64_t>& spans);

/// Drops partitions in which retention has left nothing, but for the newest; gives up where that
/// would have to wait. Answers how many.
Result<int> drop_empty_partitions(Database& database);

}  // namespace waybill::postgres
