#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ports/chronicle.h"

namespace waybill {

/// One implementation under test: `make` gives an empty one. `owner` keeps alive what `chronicle`
/// is a part of.
struct ChronicleSubject {
  std::shared_ptr<void> owner;
  Chronicle* chronicle = nullptr;
};
struct ChronicleImplementation {
  std::string name;
  std::function<ChronicleSubject()> make;
};

/// What every Chronicle does: this suite is the definition of the port. Link
/// `waybill_conformance_chronicle` and instantiate it with a ChronicleImplementation.
class ChronicleConformance : public testing::TestWithParam<ChronicleImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.chronicle, nullptr);
  }
  Chronicle& chronicle() { return *subject_.chronicle; }

  ChronicleSubject subject_;
};

}  // namespace waybill
