#include "apps/waybill/cli/output.h"

#include <gtest/gtest.h>

namespace waybill::cli {
namespace {

TEST(OutputTest, AProgressLineDoesNotStayBehind) {
  testing::internal::CaptureStderr();
  {
    Output output({.terminal_err = true});
    output.progress("[==>] 1/2 tasks");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "\r\x1b[K[==>] 1/2 tasks"
            "\r\x1b[K");
}

}  // namespace
}  // namespace waybill::cli
