#include "services/disk_use.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace waybill {
namespace {

TEST(DiskUse, IsLowBelowATenthAndFullBelowAFiftieth) {
  EXPECT_EQ((DiskSpace{.free_bytes = 100, .size_bytes = 1000}.state()), DiskSpace::Is::good);
  EXPECT_EQ((DiskSpace{.free_bytes = 99, .size_bytes = 1000}.state()), DiskSpace::Is::low);
  EXPECT_EQ((DiskSpace{.free_bytes = 20, .size_bytes = 1000}.state()), DiskSpace::Is::low);
  EXPECT_EQ((DiskSpace{.free_bytes = 19, .size_bytes = 1000}.state()), DiskSpace::Is::full);
  EXPECT_EQ((DiskSpace{.free_bytes = 0, .size_bytes = 0}.state()), DiskSpace::Is::good);
}

TEST(DiskUse, IsToldWithWhatIsElsewhere) {
  const DiskUse use{
      .data = {.free_bytes = 5, .size_bytes = 100}, .ledger_bytes = 7, .is_ledger_here = false};
  EXPECT_EQ(boost::json::serialize(disk_use_to_json(use)),
            R"({"data":{"free_bytes":5,"size_bytes":100,"state":"low"},"artifacts":null,)"
            R"("ledger":{"bytes":7,"place":"database"}})");
}

}  // namespace
}  // namespace waybill
