#include "adapters/sqlite/ledger.h"

#include "adapters/sqlite/apply.h"
#include "adapters/sqlite/claim.h"
#include "adapters/sqlite/insert.h"
#include "adapters/sqlite/load.h"
#include "adapters/sqlite/reader_pool.h"
#include "core/task_record.h"

namespace waybill::sqlite {

Error unknown_task(const Uuid& id) {
  return {.code = Code::not_found,
          .message = "no task " + to_string(id) + " in the ledger; retention may have removed it"};
}

Result<std::vector<std::int64_t>> handles_of(Database& database, std::span<const Uuid> ids) {
  std::vector<std::int64_t> handles(ids.size());
  Feed& feed = database.feed();
  feed.clear();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    feed.add().blob(bytes_of(ids[i])).integer(static_cast<std::int64_t>(i));
  }
  const auto query = database.statement(Sql::handles_of_ids);
  if (!query) return fail(query.error());
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return handles;
    handles[static_cast<std::size_t>((*query)->integer(0))] = (*query)->integer(1);
  }
}

Result<std::vector<Inserted>> SqliteLedgerPort::insert(std::span<const TaskRequest> requests) {
  if (const Status valid = check_requests(requests); !valid) return fail(valid.error());
  if (requests.empty()) return std::vector<Inserted>();
  Insertion insertion(requests, clock_.now());
  return write<std::vector<Inserted>>(
      [&](Transaction& transaction, std::vector<Inserted>& answers) {
        return insertion.run(transaction, answers);
      });
}

Result<std::vector<Task>> SqliteLedgerPort::claim(const ClaimParams& params) {
  return write<std::vector<Task>>([&](Transaction& transaction, std::vector<Task>& claimed) {
    return claim_tasks(transaction, params, clock_.now(), claimed);
  });
}

Result<std::vector<Status>> SqliteLedgerPort::apply(std::span<const Change> changes) {
  return write<std::vector<Status>>([&](Transaction& transaction, std::vector<Status>& answers) {
    return apply_changes(transaction, changes, answers);
  });
}

Result<std::vector<ExtendOutcome>> SqliteLedgerPort::extend(std::span<const Extension> extensions) {
  return write<std::vector<ExtendOutcome>>(
      [&](Transaction& transaction, std::vector<ExtendOutcome>& answers) {
        return extend_leases(transaction, extensions, clock_.now(), answers);
      });
}

Result<std::vector<Status>> SqliteLedgerPort::record(std::span<const Report> reports) {
  return write<std::vector<Status>>([&](Transaction& transaction, std::vector<Status>& answers) {
    return record_reports(transaction, reports, answers);
  });
}

Result<std::vector<Uuid>> SqliteLedgerPort::remove(std::span<const Uuid> ids,
                                                   Time finished_before) {
  return write<std::vector<Uuid>>([&](Transaction& transaction, std::vector<Uuid>& removed) {
    return remove_tasks(transaction, ids, finished_before, removed);
  });
}

Result<Overdue> SqliteLedgerPort::overdue(std::size_t limit) {
  const Time now = clock_.now();
  return readers_.read<Overdue>(
      [&](Database& database) { return find_overdue(database, now, limit); });
}

}  // namespace waybill::sqlite
