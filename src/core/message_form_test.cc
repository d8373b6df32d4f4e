#include "core/message_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto kTrace = "46efa7ed-b1c6-4905-9378-815a59756c84";
constexpr auto kIntake =
    R"({"trace-id":"46efa7ed-b1c6-4905-9378-815a59756c84","aggregation-id":"kittens-seen",)"
    R"("batch-id":"7df51646-b3a8-55d8-af8c-12ba188e8469","date":"2020/11/01/11/20","new":1})";

std::string aggregate(const std::string& batch_id) {
  return R"({"batches":[{"id":")" + batch_id +
         R"(","time":"2020/10/31/06/00"}],"trace-id":"46efa7ed-b1c6-4905-9378-815a59756c84",)"
         R"("aggregation-id":"k","aggregation-start":"2020/10/31/06/00",)"
         R"("aggregation-end":"2020/10/31/09/00"})";
}

TEST(MessageFormTest, PriosTasksAreTold) {
  const auto intake = read_message(MessageForm::prio, kIntake);
  ASSERT_TRUE(intake.has_value()) << intake.error().message;
  EXPECT_EQ(intake->trace_id, kTrace);
  EXPECT_EQ(intake->task, "intake");
  EXPECT_EQ(intake->aggregation_id, "kittens-seen");
  const auto sum =
      read_message(MessageForm::prio, aggregate("7df51646-b3a8-55d8-af8c-12ba188e8469"));
  ASSERT_TRUE(sum.has_value()) << sum.error().message;
  EXPECT_EQ(sum->task, "aggregate");
}

TEST(MessageFormTest, WhatTheFacilitatorCrashesOverIsRefused) {
  const std::string intake = kIntake;
  std::vector<std::string> bad = {
      "", "null", "[]", "{}", "\xff", aggregate("b1"), std::string(1, '\0')};
  for (const auto& [from, to] :
       {std::pair{"2020/11/01/11/20", "2020/11/01"}, std::pair{"7df51646-", "7df5164x-"},
        std::pair{"46efa7ed-", "none-"}, std::pair{"\"batch-id\"", "\"batch\""}}) {
    std::string text = intake;
    text.replace(text.find(from), std::string(from).size(), to);
    bad.push_back(text);
  }
  for (const std::string& body : bad) {
    const auto facts = read_message(MessageForm::prio, body);
    ASSERT_FALSE(facts.has_value()) << body;
    EXPECT_EQ(facts.error().code, Code::invalid_argument);
    EXPECT_THAT(facts.error().message, Not(HasSubstr("kittens")));
  }
}

TEST(MessageFormTest, OtherFormsTakeMore) {
  EXPECT_TRUE(read_message(MessageForm::json, "{}").has_value());
  EXPECT_FALSE(read_message(MessageForm::json, "7").has_value());
  EXPECT_TRUE(read_message(MessageForm::any, "\xff").has_value());
  EXPECT_EQ(read_message(MessageForm::any, R"({"trace-id":"a-1"})")->trace_id, "a-1");
}

TEST(MessageFormTest, ATraceIdThatCannotBeAnIdIsNone) {
  EXPECT_EQ(read_message(MessageForm::json, R"({"trace-id":"a\nb"})")->trace_id, "");
  EXPECT_EQ(read_message(MessageForm::json, R"({"trace-id":7})")->trace_id, "");
}

}  // namespace
}  // namespace waybill
