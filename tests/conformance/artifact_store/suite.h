#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/artifact_store.h"
#include "testing/sim_clock.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store that goes by the clock. `owner` keeps
/// alive what `store` is a part of.
struct ArtifactStoreSubject {
  std::shared_ptr<void> owner;
  ArtifactStore* store = nullptr;
};
struct ArtifactStoreImplementation {
  std::string name;
  std::function<ArtifactStoreSubject(SimClock&)> make;
};

/// What every ArtifactStore does: this suite is the definition of the port. Link
/// `waybill_conformance_artifact_store` and instantiate it with an ArtifactStoreImplementation.
class ArtifactStoreConformance : public testing::TestWithParam<ArtifactStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make(clock_);
    ASSERT_NE(subject_.store, nullptr);
  }
  ArtifactStore& store() { return *subject_.store; }

  /// Puts bytes; the call must succeed. Answers their digest.
  std::string put(std::string_view bytes);
  /// What is kept under a digest; the call must succeed.
  std::string get(const std::string& sha256);
  /// All that is kept, over all pages; the calls must succeed.
  std::vector<KeptContent> all();

  SimClock clock_;
  ArtifactStoreSubject subject_;
};

}  // namespace waybill
