#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "adapters/postgres/load.h"
#include "adapters/postgres/part.h"
#include "ports/ledger.h"

namespace waybill::postgres {

/// Rows for one statement that writes changes of tasks, each by compare-and-set.
class ChangeRows {
 public:
  /// `to` is one of update_tasks, finish_tasks, revive_tasks and update_finished.
  explicit ChangeRows(Sql to) : to_(to) {}
  /// `entry` is what is appended to the history.
  void add(const Change& change, std::string_view entry);
  bool empty() const { return handles_.size() == 0; }
  /// Gives the handle and lane of each task whose compare-and-set held.
  void write(Batch& batch, Batch::Take take);

 private:
  using Of = Array::Of;
  const Sql to_;
  Array handles_{Of::integers};
  Array ids_{Of::uuids};
  Array from_states_{Of::integers};
  Array from_fences_{Of::integers};
  Array from_revisions_{Of::integers};
  Array from_leases_{Of::integers};
  Array states_{Of::integers};
  Array revisions_{Of::integers};
  Array fences_{Of::integers};
  Array waiting_for_{Of::integers};
  Array run_at_{Of::integers};
  Array until_{Of::integers};  // the lease's end, or when it finished
  Array priorities_{Of::integers};
  Array details_{Of::bytes};
  Array entries_{Of::bytes};
};

/// Ledger::apply for all calls of a round. Changes have the handle of their task, or one that no
/// task has.
class ApplyPart final : public Part {
 public:
  explicit ApplyPart(Round& round) : round_(round) {}
  void add(WriteCall& call);

  void lock(Batch& batch) override;
  void look(Batch& batch) override;
  void write(Batch& batch) override;
  void explain(Batch& batch) override;
  Status conclude(Batch& batch) override;

 private:
  struct Pending {
    const Change* change = nullptr;
    WriteCall* call = nullptr;
    std::size_t place = 0;  ///< of its answer
    std::size_t wave = 0;   ///< how many changes of the same task stand before it
    std::string entry;
    std::size_t first_notification = 0;  ///< of those of the call
    std::int64_t lane = 0;
    Uuid held_out_by;
    bool applied = false;

    bool revives() const;
    bool succeeds() const;
  };
  struct Waiter {
    LoadedTask loaded;
    std::vector<Uuid> waits_for;
    std::optional<Change> change;  ///< from what was read to where it stands
    std::string entries;
  };
  using Wave = std::map<std::int64_t, Pending*>;  // by handle

  Status take_holders(const Rows& rows);
  void write_wave(Batch& batch, std::size_t number);
  Status take_applied(const Rows& rows, std::size_t wave);
  Status take_states(const Rows& rows);
  Status take_waiters(const Rows& rows);
  void count_down(const Change& success);
  void write_waiters(Batch& batch);
  /// Of the changes that took effect.
  void insert_notifications(Batch& batch);
  Status take_notifications(const Rows& rows);
  void tell_notifications();

  Round& round_;
  std::deque<Pending> pending_;
  std::vector<Wave> waves_;
  std::map<std::int64_t, Waiter> waiters_;  // by handle
  std::unordered_set<Uuid> notifications_;  // that were inserted
};

}  // namespace waybill::postgres
