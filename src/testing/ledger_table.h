#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/history.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"

namespace waybill {

/// Tasks in memory with the indexes that a ledger needs. What FakeLedger is made of; not
/// thread-safe.
class LedgerTable {
 public:
  using Handle = std::int64_t;
  struct Row {
    Task task;
    std::vector<HistoryEntry> history;
    LedgerReader::Reported reported;
  };
  /// A place in the order in which ready tasks of a queue start.
  using Place = std::pair<std::int64_t, Handle>;

  const Row* find(const Uuid& id) const;
  Row* find(const Uuid& id);
  const Row& at(Handle handle) const { return rows_.at(handle); }
  /// All tasks in the order in which they were accepted.
  const std::map<Handle, Row>& rows() const { return rows_; }

  /// The task that keeps a request out: the one of its id, or the holder of its key; nil: none.
  Uuid kept_out_by(const TaskRequest& request) const;
  /// Who holds this key now; nil: nobody.
  Uuid holder(const std::string& key) const;

  /// The request is valid, nothing keeps it out and its dependencies are known.
  void insert(const TaskRequest& request, Time now);
  /// Makes a change of a task that is there, and what follows from it. The guards were checked.
  void change(Row& row, const Change& change);
  /// A heartbeat: the row is leased.
  void extend(Row& row, Time lease_until);
  /// The row is finished and nobody waits for it.
  void remove(const Row& row);
  /// Whether a task in the table waits for this one.
  bool is_waited_for(const Uuid& id) const;

  /// Ready tasks of a queue, best first.
  const std::set<Place>& ready(const std::string& queue) const;
  std::int64_t count(const std::string& queue, State state) const;
  const std::map<std::string, QueueCounts>& counts() const { return counts_; }
  /// Leased and scheduled tasks by the time at which they fall due.
  const std::set<std::pair<Time, Handle>>& timed() const { return timed_; }
  /// Finished tasks by the time at which they ended.
  const std::set<std::pair<Time, Handle>>& finished() const { return finished_; }
  const std::deque<LedgerEvent>& events() const { return events_; }

 private:
  struct Key {
    Uuid holder;
    DedupScope scope = DedupScope::live;
  };

  void index(const Row& row);
  void unindex(const Row& row);
  void log(Row& row, const HistoryEntry& entry);
  void unblock_waiters(const Uuid& succeeded, Time now);

  std::map<Handle, Row> rows_;
  std::unordered_map<Uuid, Handle> by_id_;
  std::unordered_map<std::string, Key> keys_;
  std::unordered_map<Uuid, std::vector<Handle>> waiters_;
  std::map<std::string, std::set<Place>> ready_;
  std::set<std::pair<Time, Handle>> timed_;
  std::set<std::pair<Time, Handle>> finished_;
  std::map<std::string, QueueCounts> counts_;
  std::deque<LedgerEvent> events_;
  Handle last_handle_ = 0;
};

}  // namespace waybill
