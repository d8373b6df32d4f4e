#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ports/clock.h"

namespace waybill {

struct ClockImplementation {
  std::string name;
  std::function<std::unique_ptr<Clock>()> make;
};

/// What every Clock does: this suite is the definition of the port. Waits are of milliseconds, so
/// that a clock that follows real time does not hold up the suite. Link
/// `waybill_conformance_clock`.
class ClockConformance : public testing::TestWithParam<ClockImplementation> {
 protected:
  void SetUp() override { clock_ = GetParam().make(); }
  std::unique_ptr<Clock> clock_;
};

/// What a Clock does whose waits last until somebody else lets time pass, or it passes of itself.
class BlockingClockConformance : public ClockConformance {};

}  // namespace waybill
