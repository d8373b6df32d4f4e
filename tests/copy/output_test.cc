// Output of tasks, copied from one store to another.

#include <gmock/gmock.h>

#include "services/ledger_copy.h"
#include "testing/builders.h"
#include "testing/fake_log_store.h"

namespace waybill {
namespace {

LogChunk chunk(std::uint32_t attempt, std::string bytes) {
  return {.attempt = attempt,
          .at = Time(std::chrono::seconds(attempt)),
          .stream = LogStream::err,
          .bytes = std::move(bytes)};
}

class OutputCopying : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<LogChunk> first = {chunk(1, "a"), chunk(1, std::string("\0b", 2))};
    ASSERT_TRUE(from_.append_all(task_id(1), first, std::nullopt));
    ASSERT_TRUE(from_.append(task_id(1), chunk(2, "c")));
    ASSERT_TRUE(from_.append(task_id(2), chunk(1, "d")));
  }
  static std::string text_of(LogStore& logs, int task) {
    const auto page = logs.read(task_id(task), "", 1 << 20);
    std::string text;
    for (const LogChunk& each : page->chunks) {
      text += std::to_string(each.attempt) + each.bytes;
    }
    return text;
  }

  FakeLogStore from_;
  FakeLogStore to_;
};

TEST_F(OutputCopying, EveryAttemptOfEveryTaskIsCopied) {
  std::int64_t told = 0;
  const auto copied = copy_output(from_, to_, [&](std::int64_t tasks) { told = tasks; });
  ASSERT_TRUE(copied.has_value()) << copied.error().message;
  EXPECT_EQ(copied->tasks, 2);
  EXPECT_EQ(copied->bytes, 5);
  EXPECT_EQ(told, 2);
  EXPECT_EQ(text_of(to_, 1), text_of(from_, 1));
  EXPECT_EQ(text_of(to_, 2), "1d");
}

TEST_F(OutputCopying, WhatACopyThatWasCutOffHasWrittenIsNotWrittenAgain) {
  ASSERT_TRUE(to_.append(task_id(1), chunk(1, "a")));
  ASSERT_TRUE(copy_output(from_, to_, {}).has_value());
  ASSERT_TRUE(copy_output(from_, to_, {}).has_value());
  EXPECT_EQ(text_of(to_, 1), text_of(from_, 1));
}

TEST_F(OutputCopying, OtherOutputOfATaskIsFound) {
  ASSERT_TRUE(to_.append(task_id(2), chunk(1, "e")));
  const auto refused = copy_output(from_, to_, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::data_loss);
  EXPECT_THAT(refused.error().message, testing::HasSubstr(to_string(task_id(2))));
}

}  // namespace
}  // namespace waybill
