#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/lanes.h"
#include "base/result.h"
#include "core/queue_settings.h"
#include "core/task.h"
#include "core/transition.h"

namespace waybill::sqlite {

/// The part of a task that compare-and-set looks at, as the transaction under way leaves it.
struct TaskRow {
  std::int64_t handle = 0;
  Uuid id;
  std::int64_t lane = 0;
  int priority = 0;
  State state = State::ready;
  std::uint32_t revision = 0;
  std::uint64_t fence = 0;
  std::uint32_t waiting_for = 0;
  Time run_at{};
  Time lease_until{};
  Time finished_at{};
  std::string dedup_key;
  DedupScope dedup_scope = DedupScope::live;
  std::string detail;   ///< see record.h
  std::string history;  ///< entries that are not in the table yet
  bool dirty = false;
};

/// The writer's connection and what it knows of the file. Changes are gathered in rows and written
/// by flush(), each row once. Not thread-safe.
class Transaction {
 public:
  Transaction(Database& database, std::size_t events_kept)
      : database_(database), events_kept_(events_kept) {}

  /// Takes the file's write lock; learns what other processes have done since the last time.
  Status begin();
  /// Writes all that was gathered, and commits.
  Status commit();
  /// Whether the last commit() came as far as COMMIT: before that, a failure has no effect.
  bool commit_was_asked() const { return commit_was_asked_; }
  /// Undoes everything since begin().
  void roll_back();

  Database& database() { return database_; }
  LaneTable& lanes() { return lanes_; }
  /// Grows with everything that is written or gathered.
  std::uint64_t writes() const { return writes_; }
  /// Callers say so before they write through the database themselves.
  void note_write() { ++writes_; }
  bool has_events() const { return !events_.empty(); }

  std::int64_t next_handle() const { return last_handle_ + 1; }
  void use_handles(std::int64_t count) { last_handle_ += count; }
  /// The settings of a queue; null if it was never configured.
  const QueueSettings* settings(const std::string& queue) const;
  /// Has the settings read again: they were written in this transaction.
  Status load_queues();
  /// Whether any task waits for another, or any key is spent: spares most calls a search each.
  Result<bool> any_waits();
  Result<bool> any_spent_keys();
  void expect_waits() { any_waits_ = true; }
  void expect_spent_keys() { any_spent_keys_ = true; }

  /// Reads those rows that are not known yet.
  Status load(std::span<const std::int64_t> handles);
  /// A row that was loaded or adopted; null if there is no such task.
  TaskRow* find(std::int64_t handle);
  /// A row for a task that was read whole in this transaction.
  TaskRow& adopt(const Task& task, std::int64_t lane);
  void forget(std::int64_t handle) { rows_.erase(handle); }
  /// Makes the row what the change says. Its compare-and-set has been decided.
  void change(TaskRow& row, const Change& change);
  /// Has the row written again, without a change of state.
  void touch(TaskRow& row);
  /// Counts a task that has been inserted, and tells of it.
  void tell(const Uuid& id, std::int64_t lane, State state, std::string_view entry);
  /// Writes the gathered rows to the table, so that statements see them.
  Status flush();

  /// Changes in a row of events; a transaction that has more writes several. So no number of
  /// changes runs into the next commit's sequences (event_tail.cc), and no row grows too big to
  /// be read for a few of its changes.
  static constexpr std::int64_t kChangesMax = 4096;
  /// Bytes of detail, history and room together: what a task that succeeds at once needs.
  static constexpr std::int64_t kRoomBytes = 150;

 private:
  Status write_gathered();
  Status refresh();
  /// `failed_precondition` if another program has migrated the file in the meantime.
  Status check_schema_version();
  Status load_last_event();
  /// Changes as they are stored in one row of events.
  struct EventRow {
    std::string bytes;
    std::int64_t changes = 0;
  };
  void add_event(const Uuid& id, std::int64_t lane, std::string_view entry);
  Status write_event_row(const EventRow& row);
  Status trim_events();
  void clear();

  Database& database_;
  const std::size_t events_kept_;
  bool commit_was_asked_ = false;
  std::int64_t data_version_ = -1;
  LaneTable lanes_;
  std::map<std::string, QueueSettings> queues_;
  std::int64_t last_handle_ = 0;
  std::int64_t last_event_row_ = 0;
  std::int64_t changes_until_ = 0;  // of all events
  std::optional<bool> any_waits_;
  std::optional<bool> any_spent_keys_;

  // Of the transaction under way:
  std::unordered_map<std::int64_t, TaskRow> rows_;
  std::vector<TaskRow*> dirty_;
  std::vector<EventRow> events_;
  std::string scratch_;
  std::uint64_t writes_ = 0;
};

/// The row that feeds load_rows or load_tasks.
void feed_handles(Feed& feed, std::span<const std::int64_t> handles);

}  // namespace waybill::sqlite
