#include "services/memory_done_ids.h"

#include "tests/conformance/done_ids/suite.h"

namespace waybill {
namespace {

class MemoryPlace final : public DoneIdsPlace {
 public:
  std::unique_ptr<DoneIds> open(Clock& clock, const DoneIdsLimits& limits) override {
    return std::make_unique<MemoryDoneIds>(clock, limits.window, limits.count_max);
  }
};

INSTANTIATE_TEST_SUITE_P(Memory, DoneIdsConformance,
                         testing::Values(DoneIdsImplementation{
                             .name = "memory",
                             .make = [] { return std::make_unique<MemoryPlace>(); },
                             .kept = DoneIdsImplementation::Kept::no}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace waybill
