#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "ports/done_ids.h"
#include "testing/sim_clock.h"

namespace waybill {

struct DoneIdsLimits {
  Duration window{};
  std::size_t count_max = 0;
};
/// What an implementation lives in: destroyed after all that was made in it.
class DoneIdsPlace {
 public:
  virtual ~DoneIdsPlace() = default;
  /// With the clock of the suite.
  virtual std::unique_ptr<DoneIds> open(Clock& clock, const DoneIdsLimits& limits) = 0;
};

struct DoneIdsImplementation {
  std::string name;
  std::function<std::unique_ptr<DoneIdsPlace>()> make;
  /// Whether what is opened a second time knows what the first was told.
  enum class Kept { no, yes } kept = Kept::no;
};

/// What every DoneIds does: this suite is the definition of the port. Link
/// `waybill_conformance_done_ids`.
class DoneIdsConformance : public testing::TestWithParam<DoneIdsImplementation> {
 protected:
  static constexpr Duration kWindow = std::chrono::hours(24);
  static constexpr std::size_t kCountMax = 50;

  std::unique_ptr<DoneIds> open() {
    return place_->open(clock_, {.window = kWindow, .count_max = kCountMax});
  }

  SimClock clock_;
  const std::unique_ptr<DoneIdsPlace> place_ = GetParam().make();
};

}  // namespace waybill
