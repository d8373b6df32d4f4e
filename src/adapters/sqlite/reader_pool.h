#pragma once

#include <memory>
#include <vector>

#include "adapters/sqlite/database.h"
#include "base/mutex.h"
#include "base/result.h"
#include "ports/clock.h"

namespace waybill::sqlite {

/// Connections for those who only look, made as they are needed. Thread-safe.
class ReaderPool {
 public:
  struct Params {
    OpenParams open;
    std::size_t connections_max = 4;
  };
  ReaderPool(Params params, Clock& clock) : params_(std::move(params)), clock_(clock) {}

  /// Runs `look` (Database& -> Result<Answer>) on one snapshot of the ledger. Blocks while all
  /// connections are in use. Keep it short: the log cannot begin anew while it runs.
  template <class Answer, class Look>
  Result<Answer> read(Look look) {
    auto database = take();
    if (!database) return fail(database.error());
    const Lease lease(*this, std::move(*database));
    const Rollback end(lease.database());
    const auto begin = lease.database().statement(Sql::begin_read);
    if (!begin) return fail(begin.error());
    if (Status begun = (*begin)->run(); !begun) return fail(begun.error());
    Result<Answer> answer = look(lease.database());
    if (Status same = lease.database().check_unchanged(); !same) return fail(same.error());
    return answer;
  }

 private:
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Database> database)
        : pool_(pool), database_(std::move(database)) {}
    ~Lease() { pool_.give_back(std::move(database_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Database& database() const { return *database_; }

   private:
    ReaderPool& pool_;
    std::unique_ptr<Database> database_;
  };

  Result<std::unique_ptr<Database>> take();
  void give_back(std::unique_ptr<Database> database);

  const Params params_;
  Clock& clock_;
  Mutex mutex_;
  Condition given_back_;
  std::vector<std::unique_ptr<Database>> idle_ GUARDED_BY(mutex_);
  std::size_t made_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::sqlite
