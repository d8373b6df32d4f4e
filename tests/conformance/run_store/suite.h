#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/ledger_reader.h"
#include "ports/run_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store and the ledger that it is kept
/// beside. `owner` keeps alive what both are a part of.
struct RunStoreSubject {
  std::shared_ptr<void> owner;
  RunStore* store = nullptr;
  LedgerReader* reader = nullptr;
};
struct RunStoreImplementation {
  std::string name;
  std::function<RunStoreSubject()> make;
};

/// What every RunStore does: this suite is the definition of the port. Link
/// `waybill_conformance_run_store` and instantiate it with a RunStoreImplementation.
class RunStoreConformance : public testing::TestWithParam<RunStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.store, nullptr);
  }
  RunStore& store() { return *subject_.store; }
  LedgerReader& reader() { return *subject_.reader; }

  /// Makes a run that waits, and gives it.
  pipeline::KeptRun make(std::uint8_t id, const std::string& pipeline = "p");
  /// The same, held by "one".
  pipeline::KeptRun make_running(std::uint8_t id, const std::string& pipeline = "p");
  /// The call must succeed, as below.
  pipeline::KeptRun get(const Uuid& id);
  std::vector<pipeline::KeptNode> nodes(const Uuid& id);
  /// The ids of a page, the last byte of each.
  std::vector<int> page(const RunQuery& query);

  RunStoreSubject subject_;
};

}  // namespace waybill
