#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/dedup_keys.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/registry.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"

namespace waybill {

/// A ledger with its reader and registry, empty when it is made.
class LedgerSubject {
 public:
  virtual ~LedgerSubject() = default;
  virtual Ledger& ledger() = 0;
  virtual LedgerReader& reader() = 0;
  virtual DedupKeys& dedup_keys() = 0;
  virtual Registry& registry() = 0;
};

/// One implementation under test. `make` is called for each case, with a clock that outlives it.
struct LedgerImplementation {
  std::string name;
  std::function<std::unique_ptr<LedgerSubject>(Clock&)> make;
};

/// What every Ledger, LedgerReader and Registry does: this suite is the definition of these ports.
///
///     INSTANTIATE_TEST_SUITE_P(Sqlite, LedgerConformance,
///                              testing::Values(LedgerImplementation{"sqlite", make_subject}));
///
/// Link `waybill_conformance_ledger`.
class LedgerConformance : public testing::TestWithParam<LedgerImplementation> {
 protected:
  void SetUp() override;

  Ledger& ledger() { return subject_->ledger(); }
  LedgerReader& reader() { return subject_->reader(); }
  DedupKeys& dedup_keys() { return subject_->dedup_keys(); }
  Registry& registry() { return subject_->registry(); }

  /// Inserts; the call must succeed.
  std::vector<Inserted> insert(const std::vector<TaskRequest>& requests);
  InsertOutcome insert_one(const TaskRequest& request);
  /// Claims from queue "default" for worker "w"; the call must succeed.
  std::vector<Task> claim(std::size_t limit, ClaimParams params = {});
  /// The only task that can be claimed now.
  Task claim_one();
  /// A claim of this very task.
  Task claim_id(const Uuid& id);
  /// What the transition function makes of the stored task and the event, applied.
  Status happen(const Uuid& id, const Event& event);
  /// The change that `happen` would apply.
  Change change_of(const Task& task, const Event& event);
  /// The answer to one change; the call must succeed.
  Status apply_one(const Change& change);
  void succeed(const Task& leased);
  ExtendOutcome extend_one(const Uuid& id, std::uint64_t fence, Duration lease);
  Status record_one(const Report& report);

  Task get(const Uuid& id);
  State state(const Uuid& id) { return get(id).status.state; }
  std::int64_t count(const std::string& queue, State state);
  std::vector<LedgerEvent> all_events();
  std::vector<Uuid> ids_of(const std::vector<Task>& tasks);

  SimClock clock_{OnWait::blocks};
  std::unique_ptr<LedgerSubject> subject_;
};

}  // namespace waybill
