#include "adapters/postgres/database.h"

#include "adapters/postgres/postgres_error.h"
#include "base/log.h"

namespace waybill::postgres {
namespace {

/// An error of a statement or transaction, and what to do about it.
enum class Next { again, give_up };

Next after(const Connection& connection, int tries) {
  const bool met = met_another(connection.last_sqlstate()) && !connection.is_lost();
  if (!met || tries >= kTriesMax) return Next::give_up;
  log::debug("transaction_retried", "a transaction met another one; it is run again",
             {{"sqlstate", connection.last_sqlstate()}, {"tries", tries}});
  return Next::again;
}

Status run_transaction(Connection& connection, const Database::Work& work, Sql begin, Sql settings,
                       const Deadline& deadline) {
  const Call opening[] = {{begin, {}}, {settings, {}}};
  if (const auto begun = connection.run_all(opening, deadline); !begun) return fail(begun.error());
  if (Status done = work(connection); !done) return done;
  const auto committed = connection.run(Sql::commit, {}, deadline);
  if (committed) return {};
  return fail(connection.is_lost() ? commit_not_known(committed.error()) : committed.error());
}

}  // namespace

Error commit_not_known(const Error& failure) {
  return {.code = Code::deadline_exceeded,
          .message = "whether the last commit took effect is not known; " + failure.message};
}

Result<Rows> Database::read(Sql sql, const Params& params, const Deadline& deadline) {
  for (int tries = 1;; ++tries) {
    auto connection = pool_.take(deadline);
    if (!connection) return fail(connection.error());
    auto rows = (*connection)->run(sql, params, deadline);
    const bool again =
        !rows && (*connection)->is_lost() && tries == 1 && rows.error().code == Code::unavailable;
    if (!again) return rows;
    pool_.forget_idle();
  }
}

Result<Rows> Database::write(Sql sql, const Params& params, const Deadline& deadline) {
  for (int tries = 1;; ++tries) {
    auto connection = pool_.take(deadline);
    if (!connection) return fail(connection.error());
    auto rows = (*connection)->run(sql, params, deadline);
    if (rows) return rows;
    if ((*connection)->is_lost()) {
      pool_.forget_idle();
      return fail(commit_not_known(rows.error()));
    }
    if (after(**connection, tries) == Next::give_up) return rows;
  }
}

Status Database::transaction(const Work& work, const Deadline& deadline) {
  for (int tries = 1;; ++tries) {
    auto connection = pool_.take(deadline);
    if (!connection) return fail(connection.error());
    Status done =
        run_transaction(**connection, work, Sql::begin_write, Sql::write_settings, deadline);
    if (done) return done;
    if ((*connection)->is_lost()) pool_.forget_idle();
    const Next next = after(**connection, tries);
    if (Status undone = (*connection)->roll_back({}); !undone || next == Next::give_up) return done;
  }
}

Status Database::snapshot(const Work& work, const Deadline& deadline) {
  return snapshot_after(Sql::read_settings, work, deadline);
}

Status Database::snapshot_of_tasks(const Work& work, const Deadline& deadline) {
  // Before the snapshot: with one of before a partition was taken out, the catalogue would be newer
  // than the rows.
  return snapshot_after(
      Sql::lock_finished,
      [&](Connection& connection) -> Status {
        if (const auto set = connection.run(Sql::read_settings, {}, deadline); !set) {
          return fail(set.error());
        }
        return work(connection);
      },
      deadline);
}

Status Database::snapshot_after(Sql opening, const Work& work, const Deadline& deadline) {
  auto connection = pool_.take(deadline);
  if (!connection) return fail(connection.error());
  Status done = run_transaction(**connection, work, Sql::begin_snapshot, opening, deadline);
  if (!done && (*connection)->in_transaction()) {
    // The answer is `done`'s; a connection that cannot roll back is closed.
    [[maybe_unused]] const Status undone = (*connection)->roll_back({});
  }
  return done;
}

}  // namespace waybill::postgres
