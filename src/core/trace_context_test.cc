#include "core/trace_context.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(Traceparent, NamesATraceOrIsNone) {
  EXPECT_TRUE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_TRUE(is_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"));
  for (const char* none :
       {"", "not a traceparent", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-"}) {
    EXPECT_FALSE(is_traceparent(none)) << none;
  }
}

}  // namespace
}  // namespace waybill
