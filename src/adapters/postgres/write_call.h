#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "adapters/postgres/connection.h"
#include "adapters/postgres/prepared_insert.h"
#include "base/mutex.h"
#include "base/result.h"
#include "ports/ledger.h"

namespace waybill::postgres {

/// A call that writes, with what it is asked and answered: those of many threads go into one
/// transaction. One of the inputs is set, and the answer that belongs to it.
struct WriteCall {
  const PreparedInsert* insert = nullptr;
  const ClaimParams* claim = nullptr;
  std::span<const Change> changes{};
  /// The notifications of all changes, one after the other; null: there are none.
  const PreparedInsert* notifications = nullptr;
  std::span<const Extension> extensions{};
  std::span<const Report> reports{};
  std::span<const Uuid> removals{};
  Time finished_before{};  ///< of removals
  /// Statements of the same transaction, beside an insert. If the first one changes no row all is
  /// undone, and the answer is `beside_refused`.
  std::span<const Call> beside{};
  const Error* beside_refused = nullptr;
  /// It takes the lock of commits first, because what it finds must not change until it commits.
  bool exclusive = false;

  Status answer{};
  std::vector<Inserted> inserted{};
  std::vector<Task> claimed{};
  std::size_t claimed_bytes = 0;
  std::vector<Status> statuses{};
  std::vector<ExtendOutcome> extended{};
  std::vector<Uuid> removed{};
  /// As `removed`, of a commit of which nobody knows yet whether it took effect.
  std::vector<Uuid> maybe_removed{};

  void clear_answers() {
    answer = Status();
    inserted.clear();
    claimed.clear();
    claimed_bytes = 0;
    statuses.clear();
    extended.clear();
    removed.clear();
  }

  // Whose turn it is, see writer.h. Each call has a mutex of its own, so that the many of a group
  // that are answered at once do not queue for one.
  enum class Turn : std::uint8_t { wait, work_for_all, done };
  Mutex mutex;
  Condition changed;
  Turn turn GUARDED_BY(mutex) = Turn::wait;
};

}  // namespace waybill::postgres
