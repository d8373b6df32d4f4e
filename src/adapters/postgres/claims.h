#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "adapters/postgres/changes.h"
#include "adapters/postgres/part.h"

namespace waybill::postgres {

/// Ledger::claim for calls of a round that may be merged. In shared mode only queues without a
/// concurrency limit are looked at; where there are others the round has to be exclusive.
class ClaimPart final : public Part {
 public:
  explicit ClaimPart(Round& round) : round_(round) {}
  void add(WriteCall& call) { calls_.push_back(&call); }
  bool empty() const { return calls_.empty(); }
  /// Whether both choose from the same tasks, so that one statement serves them.
  static bool may_merge(const ClaimParams& one, const ClaimParams& other);

  void look(Batch& batch) override;
  void write(Batch& batch) override;
  Status conclude(Batch& batch) override;

 private:
  struct Claimed {
    Change change;
    std::string entry;
    std::int64_t lane = 0;
    std::int64_t rank = 0;
  };
  Status take_limits(const Rows& rows);
  /// After a look past the floors, for what programs that know of none made ready.
  void note_look(const Rows& rows);
  void raise_floors();
  Status take_candidates(const Rows& rows);
  /// The call that gets this task; null: none.
  WriteCall* call_for(const Task& task) const;
  bool has_room(const std::string& queue);

  Round& round_;
  std::vector<WriteCall*> calls_;
  std::map<std::string, std::int64_t> room_;  // of queues with a limit
  std::vector<Claimed> claimed_;
  bool from_start_ = false;
  std::int64_t began_at_ = 0;  // by the steady clock, microseconds
};

}  // namespace waybill::postgres
