#pragma once

#include <span>
#include <utility>
#include <vector>

#include "adapters/sqlite/transaction.h"
#include "adapters/sqlite/writer.h"
#include "ports/clock.h"
#include "ports/ledger.h"

namespace waybill::sqlite {

class ReaderPool;

class SqliteLedgerPort final : public Ledger {
 public:
  SqliteLedgerPort(Writer& writer, ReaderPool& readers, Clock& clock)
      : writer_(writer), readers_(readers), clock_(clock) {}

  Time now() const override { return clock_.now(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override;
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override;
  Result<std::vector<Status>> record(std::span<const Report> reports) override;
  Result<Overdue> overdue(std::size_t limit) override;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override;

 private:
  /// Writes, and gives what the work has put into the answer.
  template <class Answer, class Work>
  Result<Answer> write(Work work) {
    Answer answer;
    const Status written = writer_.write([&](Transaction& transaction) {
      answer = Answer();
      return work(transaction, answer);
    });
    if (!written) return fail(written.error());
    return answer;
  }

  Writer& writer_;
  ReaderPool& readers_;
  Clock& clock_;
};

/// The handle of each id, in order; 0 where there is no such task.
Result<std::vector<std::int64_t>> handles_of(Database& database, std::span<const Uuid> ids);

/// The refusal for a task that is not there.
Error unknown_task(const Uuid& id);

}  // namespace waybill::sqlite
