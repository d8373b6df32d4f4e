#pragma once

#include <functional>

#include "adapters/postgres/pool.h"

namespace waybill::postgres {

/// Statements and transactions on connections of a pool, for what is kept beside the tasks and for
/// readers. What it answers is on disk. Thread-safe.
class Database {
 public:
  explicit Database(Pool& pool) : pool_(pool) {}

  /// Runs one statement that only looks; once more on another connection if the first was lost.
  Result<Rows> read(Sql sql, const Params& params = {}, const Deadline& deadline = {});
  /// Runs one statement that writes, as a transaction of its own; again if it met another one.
  /// `deadline_exceeded`: the connection was lost before the answer came, and whether it took
  /// effect is not known.
  Result<Rows> write(Sql sql, const Params& params = {}, const Deadline& deadline = {});
  /// Part of a transaction, on its connection. May run several times: it sets its answers anew
  /// each time. An error undoes all of it.
  using Work = std::function<Status(Connection&)>;
  /// Runs the work in one transaction (READ COMMITTED); again if it met another one. Errors as
  /// write; those of `work` as they are.
  Status transaction(const Work& work, const Deadline& deadline = {});
  /// Runs the work on one unchanging snapshot, writing nothing.
  Status snapshot(const Work& work, const Deadline& deadline = {});
  /// The same of all tasks: the history that it sees has the partitions that are there.
  Status snapshot_of_tasks(const Work& work, const Deadline& deadline = {});

  Pool& pool() { return pool_; }

 private:
  /// Where `opening` is the first statement.
  Status snapshot_after(Sql opening, const Work& work, const Deadline& deadline);

  Pool& pool_;
};

/// How often a transaction is run that meets others each time.
inline constexpr int kTriesMax = 10;

/// `failure` as it is to be said of something that was to be committed when the connection was
/// lost: nobody knows.
Error commit_not_known(const Error& failure);

}  // namespace waybill::postgres
