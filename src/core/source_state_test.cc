#include "core/source_state.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(SourceStateTest, IsReadAsItWasWritten) {
  const SourceState state{
      .source = "/srv/defs#main",
      .commit = "c2",
      .tree = "t2",
      .left_out = {"link", "sub/mod"},
      .files = {{"a.yaml", {"c1", "t1"}}, {"b.yaml", {"c2", "t2"}}},
      .problems = {{.file = "/srv/defs@c2:a.yaml", .at = {3, 7}, .message = "no \"x\""}},
      .error = "git: gone",
      .checked_at = Time(Duration(1'700'000'000'000'001)),
      .changed_at = Time(Duration(1'600'000'000'000'000))};
  const auto read = read_source_state(source_state_to_json(state));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, state);
  EXPECT_FALSE(read->is_well());
}

TEST(SourceStateTest, WhatIsDamagedIsSaidToBe) {
  for (const char* text : {"", "{", "[]", R"({"source": "x"})"}) {
    const auto read = read_source_state(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::data_loss);
  }
}

}  // namespace
}  // namespace waybill
