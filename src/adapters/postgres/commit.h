#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/postgres/batch.h"
#include "core/task.h"

namespace waybill::postgres {

/// What a transaction has changed, as it is told to those who follow and counted.
///
/// Its rows are numbered under a lock that each transaction takes last and holds until its commit
/// is on disk. So commits are numbered without gaps in the order in which they become visible: who
/// has seen one number has seen all before it, however many programs write. What a statement sees
/// under that lock stays as it is until the commit.
class CommitRecord {
 public:
  /// A task came into the ledger, or left a state for another; `entry` is its encoded history.
  void tell(const Uuid& id, std::int64_t lane, std::optional<State> from, State to,
            std::string_view entry);
  /// A task is ready, and was not, or not with this rank: no claim may begin behind it.
  void note_ready(std::int64_t lane, std::int64_t rank);
  /// A task with this rank was claimed, and it is time to write down where claims begin.
  void note_claimed(std::int64_t lane, std::int64_t rank, std::int64_t handle);
  bool empty() const { return rows_.empty(); }
  /// In the first row, which has to be there.
  std::int64_t first_changes() const { return rows_.front().changes; }

  /// Adds the statements that write the rows; the lock must be held by then. `numbered` takes the
  /// number of each row of events and how many changes it has.
  void write(Batch& batch, const Uuid& tag, const Batch::Take& numbered = {}) const;
  /// The rest of insert_group, of a record that is one row and of tasks that came.
  void add_to(Params& params, const Uuid& tag) const;

  /// Changes in a row of events; a transaction that has more writes several.
  static constexpr std::int64_t kChangesMax = 4096;

 private:
  using Counts = std::array<std::int64_t, kStateCount>;
  struct Row {
    std::string bytes;
    std::int64_t changes = 0;
    std::map<std::int64_t, Counts> added;  // by lane
  };
  static void add_row(Params& params, const Row& row, const Uuid& tag);

  std::vector<Row> rows_;
  std::map<std::int64_t, std::int64_t> ready_;                             // lowest rank by lane
  std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> claimed_;  // by lane, the last
};

/// Adds the wait for the lock under which commits are numbered.
void add_commit_lock(Batch& batch);

}  // namespace waybill::postgres
