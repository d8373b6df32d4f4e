#pragma once

#include <array>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adapters/postgres/part.h"

namespace waybill::postgres {

/// Ledger::extend and Ledger::record for all calls of a round.
class LeasePart final : public Part {
 public:
  explicit LeasePart(Round& round) : round_(round) {}
  void add(WriteCall& call) { calls_.push_back(&call); }

  void write(Batch& batch) override;
  void explain(Batch& batch) override;

 private:
  Status take_extended(const Rows& rows);
  Status take_recorded(const Rows& rows);
  Status take_known(const Rows& rows);

  Round& round_;
  std::vector<WriteCall*> calls_;
  std::map<std::pair<Uuid, std::uint64_t>, std::size_t> extended_;  // places in extensions_
  std::vector<ExtendOutcome*> extensions_;  // answers in the order of the parameters
  std::vector<std::pair<ExtendOutcome*, std::size_t>> repeated_;  // of what stands there already
  std::vector<std::pair<Status*, const Report*>> reports_;        // likewise
  std::vector<std::pair<Status*, const Report*>> unanswered_;
};

/// Ledger::remove for all calls of a round, which is exclusive.
class RemovePart final : public Part {
 public:
  explicit RemovePart(Round&) {}
  void add(WriteCall& call) { calls_.push_back(&call); }

  void look(Batch& batch) override;
  void write(Batch& batch) override;

 private:
  struct Found {
    std::int64_t handle = 0;
    std::int64_t lane = 0;
    State state = State::ready;
    Time finished_at{};
  };
  Status take_found(const Rows& rows);
  Status take_waits(const Rows& rows);
  void decide(WriteCall& call);

  std::vector<WriteCall*> calls_;
  std::unordered_map<Uuid, Found> found_;
  std::unordered_multimap<Uuid, std::int64_t> waits_;  // by what is waited for: who waits
  std::vector<Uuid> removed_ids_;
  std::vector<std::int64_t> removed_;
  std::unordered_map<std::int64_t, std::array<std::int64_t, 3>> counts_;  // by lane: 4, 5, 6
};

}  // namespace waybill::postgres
