#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace waybill {
namespace {

TEST(Error, ExitCodesTellUsageTroubleAndBugsApart) {
  EXPECT_EQ(exit_status(Code::invalid_argument), 2);
  EXPECT_EQ(exit_status(Code::unavailable), 69);
  EXPECT_EQ(exit_status(Code::internal), 70);
  for (const Code code : {Code::aborted, Code::deadline_exceeded, Code::resource_exhausted}) {
    EXPECT_EQ(exit_status(code), 75) << to_string(code);
  }
  for (const Code code : {Code::cancelled, Code::unknown, Code::not_found, Code::already_exists,
                          Code::permission_denied, Code::failed_precondition, Code::out_of_range,
                          Code::unimplemented, Code::data_loss, Code::unauthenticated}) {
    EXPECT_EQ(exit_status(code), 1) << to_string(code);
  }
}

TEST(Error, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Code::unauthenticated); ++code) {
    names.insert(to_string(static_cast<Code>(code)));
  }
  EXPECT_EQ(names.size(), 16u);
  EXPECT_EQ(to_string(Code::failed_precondition), "failed_precondition");
  EXPECT_EQ(to_string(Code::unauthenticated), "unauthenticated");
}

TEST(Error, ContextGoesInFrontAndKeepsTheRest) {
  const Error error{
      .code = Code::unavailable, .message = "disk is busy", .retry_after = std::chrono::seconds(1)};
  const Error wrapped = with_context(error, "opening ledger.db");
  EXPECT_EQ(wrapped.message, "opening ledger.db: disk is busy");
  EXPECT_EQ(wrapped.code, error.code);
  EXPECT_EQ(wrapped.retry_after, error.retry_after);
}

}  // namespace
}  // namespace waybill
