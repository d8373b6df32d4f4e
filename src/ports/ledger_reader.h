#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/uuid.h"
#include "core/task.h"
#include "core/transition.h"

namespace waybill {

/// Whether other tasks in the ledger wait for this one. `none` costs an index lookup a task.
enum class Waiters : std::uint8_t { any, none };

/// Which tasks. Empty and zero fields do not filter; `after` means at or after, `before` strictly
/// before.
struct TaskFilter {
  std::vector<State> states;
  std::string queue;
  std::string kind;
  std::string definition;
  std::string created_by;
  Time created_after{};
  Time created_before{};
  Time finished_before{};
  Labels labels;     ///< all of them; see has_labels
  std::string text;  ///< see mentions
  Waiters waiters = Waiters::any;
  Uuid id_first;  ///< with id_last: ids in this range, both included; nil: no bound. Finds ids by
  Uuid id_last;   ///< their beginning, at the price of an index lookup
};
/// By acceptance, or, for retention, by the time they finished, equal ones by acceptance: that
/// order has finished tasks alone, and a page with `finished_before` costs what it returns.
enum class PageOrder : std::uint8_t { newest_first, oldest_first, first_finished };
struct PageParams {
  TaskFilter filter;
  PageOrder order = PageOrder::newest_first;
  std::string cursor;  ///< from the last page of this order; empty: the beginning. Opaque
  std::size_t limit = 100;
  /// Tasks that are looked at before the page ends with what it has, so that a filter that chooses
  /// few costs no more than this; 0: all there are.
  std::size_t looked_max = 0;
  /// text_bytes of its tasks at which the page ends, with the task that reaches it; 0: no limit.
  std::size_t bytes_max = 0;
};
/// A task whose row is there, but cannot be read as a whole.
struct DamagedTask {
  Uuid id;
  std::string what;  ///< what is damaged, and what to do
};
struct TaskPage {
  std::vector<Task> tasks;
  std::vector<DamagedTask> damaged;  ///< in the same order; they do not count to the limit
  std::string next_cursor;           ///< empty: that was all; a page may be empty and yet have one
};

struct QueueCounts {
  std::string queue;
  std::int64_t by_state[kStateCount] = {};
};

/// One change of one task, in ledger order.
struct LedgerEvent {
  std::uint64_t sequence = 0;  ///< strictly increasing, gaps allowed
  Uuid id;
  std::string queue;
  HistoryEntry entry;
};

struct Dependency {
  Uuid id;
  State state = State::ready;
};

/// Single tasks as a worker looks at them. Thread-safe.
class TaskReader {
 public:
  virtual ~TaskReader() = default;

  /// `not_found` says that retention may have removed it.
  virtual Result<Task> get(const Uuid& id) = 0;
  /// The latest progress and checkpoint of a task; both empty when it never reported.
  struct Reported {
    std::string progress;
    std::string checkpoint;
  };
  virtual Result<Reported> reported(const Uuid& id) = 0;
};

/// The ledger as seen by those who only look. Thread-safe; never waits for writers.
class LedgerReader : public TaskReader {
 public:
  /// Oldest first.
  virtual Result<std::vector<HistoryEntry>> history(const Uuid& id) = 0;
  /// A page by keyset cursor, never by offset. `invalid_argument` for a cursor that is not ours.
  virtual Result<TaskPage> page(const PageParams& params) = 0;
  /// Kept up to date with each change: costs the same for any number of tasks. Every queue that has
  /// or had a task, by name.
  virtual Result<std::vector<QueueCounts>> counts() = 0;
  /// What changed after `after`, oldest first. `out_of_range` when events that old are gone.
  virtual Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) = 0;
  /// The newest event's sequence (0: none yet). With `past` set, first waits until it is greater
  /// than that or the deadline has passed; changes by other processes wake it too.
  virtual Result<std::uint64_t> last_sequence(std::optional<std::uint64_t> past,
                                              const Deadline& deadline) = 0;
  /// What a task waits for, with the state each is in.
  virtual Result<std::vector<Dependency>> dependencies(const Uuid& id) = 0;
  /// How many ready tasks of the same queue start before this one, counted up to `limit`; 0 for a
  /// task that is not ready.
  virtual Result<std::size_t> ahead(const Uuid& id, std::size_t limit) = 0;
};

}  // namespace waybill
