#include "adapters/sqlite/queue_rows.h"

#include "adapters/sqlite/database.h"

namespace waybill::sqlite {

Result<std::vector<QueueSettings>> read_queues(Database& database) {
  const auto query = database.statement(Sql::queues);
  if (!query) return fail(query.error());
  Statement& row = **query;
  std::vector<QueueSettings> queues;
  for (;;) {
    const auto more = row.step();
    if (!more) return fail(more.error());
    if (!*more) return queues;
    queues.push_back({.name = std::string(row.text(0)),
                      .paused = row.integer(1) != 0,
                      .concurrency_max = static_cast<std::uint32_t>(row.integer(2)),
                      .retention = {.succeeded = Duration(row.integer(3)),
                                    .failed = Duration(row.integer(4)),
                                    .cancelled = Duration(row.integer(5))}});
  }
}

}  // namespace waybill::sqlite
