#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/artifact_index.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "testing/sim_clock.h"

namespace waybill {

/// One implementation under test: `make` gives an empty index and the ledger whose tasks it is
/// about. `owner` keeps alive what they are a part of.
struct ArtifactIndexSubject {
  std::shared_ptr<void> owner;
  ArtifactIndex* index = nullptr;
  Ledger* ledger = nullptr;
};
struct ArtifactIndexImplementation {
  std::string name;
  std::function<ArtifactIndexSubject(SimClock&)> make;
};

/// What every ArtifactIndex does: this suite is the definition of the port. Link
/// `waybill_conformance_artifact_index` and instantiate it with an ArtifactIndexImplementation.
class ArtifactIndexConformance : public testing::TestWithParam<ArtifactIndexImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make(clock_);
    ASSERT_NE(subject_.index, nullptr);
    ASSERT_NE(subject_.ledger, nullptr);
  }
  ArtifactIndex& index() { return *subject_.index; }

  /// Task `number`, accepted if need be, under a new lease.
  Task lease(int number);
  /// Makes what happens to a leased task durable; that must succeed.
  void apply(const Task& task, const Event& event);
  void succeed(const Task& task);
  Status record(const Task& attempt, std::vector<Artifact> artifacts);
  /// The names of what a task has left, in order; the call must succeed.
  std::vector<std::string> names(int number);
  std::vector<std::string> condemn(const std::vector<std::string>& contents);

  SimClock clock_;
  ArtifactIndexSubject subject_;
};

}  // namespace waybill
