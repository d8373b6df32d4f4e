#include "apps/waybill/cli/progress_bar.h"

#include <gtest/gtest.h>

namespace waybill::cli {
namespace {

TEST(ProgressBarTest, GrowsWithWhatIsDone) {
  EXPECT_EQ(progress_bar(0, 4, "tasks"), "[>                       ] 0/4 tasks");
  EXPECT_EQ(progress_bar(2, 4, "tasks"), "[============>           ] 2/4 tasks");
  EXPECT_EQ(progress_bar(4, 4, "tasks"), "[========================] 4/4 tasks");
}

TEST(ProgressBarTest, CountsWhereTheEndIsNotKnown) {
  EXPECT_EQ(progress_bar(170, 0, "objects"), "170 objects");
}

}  // namespace
}  // namespace waybill::cli
