#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ports/host_turns.h"

namespace waybill {

/// One implementation under test: `make` gives one that knows no host. `owner` keeps alive what
/// `turns` is a part of.
struct HostTurnsSubject {
  std::shared_ptr<void> owner;
  HostTurns* turns = nullptr;
};
struct HostTurnsImplementation {
  std::string name;
  std::function<HostTurnsSubject()> make;
};

/// What every HostTurns does: this suite is the definition of the port. Link
/// `waybill_conformance_host_turns` and instantiate it with a HostTurnsImplementation.
class HostTurnsConformance : public testing::TestWithParam<HostTurnsImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.turns, nullptr);
  }
  /// The turn of one worker at one host; the call must succeed.
  HostTerms take(std::uint8_t worker, const HostNeed& need);

  HostTurnsSubject subject_;
};

}  // namespace waybill
