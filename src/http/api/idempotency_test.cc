#include "http/api/idempotency.h"

#include <gtest/gtest.h>

namespace waybill::http {
namespace {

Request post(std::string path, std::string body) {
  return {.method = "POST", .path = std::move(path), .body = std::move(body)};
}
Response answer(std::string body) {
  return {.body = std::move(body), .headers = {}, .stream = nullptr};
}

TEST(FirstAnswers, GiveTheFirstAnswerToTheSameCallAgain) {
  FirstAnswers answers;
  const KeyedCall call = keyed_call("ann", "k", post("/a", "{}"));
  EXPECT_EQ(answers.find(call)->has_value(), false);
  answers.keep(call, answer("first"));
  answers.keep(call, answer("second"));
  const auto again = answers.find(call);
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->body, "first");
  EXPECT_EQ((*again)->headers, (Pairs{{"Idempotent-Replayed", "true"}}));
}

TEST(FirstAnswers, RefuseAnotherCallUnderTheKey) {
  FirstAnswers answers;
  answers.keep(keyed_call("ann", "k", post("/a", "{}")), answer("first"));
  for (const Request& other : {post("/a", "{ }"), post("/b", "{}")}) {
    const auto found = answers.find(keyed_call("ann", "k", other));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().status, 422);
    EXPECT_EQ(found.error().type, "key-reused");
  }
}

TEST(FirstAnswers, AreEachCallersOwn) {
  FirstAnswers answers;
  answers.keep(keyed_call("ann", "k", post("/a", "{}")), answer("first"));
  EXPECT_EQ(answers.find(keyed_call("bob", "k", post("/a", "{}")))->has_value(), false);
  EXPECT_EQ(answers.find(keyed_call("ann", "l", post("/a", "{}")))->has_value(), false);
}

TEST(FirstAnswers, ForgetTheOldest) {
  FirstAnswers answers(1100);  // two
  for (const char* key : {"1", "2", "3"}) {
    answers.keep(keyed_call("ann", key, post("/a", "{}")), answer(key));
  }
  EXPECT_EQ(answers.find(keyed_call("ann", "1", post("/a", "{}")))->has_value(), false);
  EXPECT_EQ(answers.find(keyed_call("ann", "2", post("/a", "{}")))->has_value(), true);
}

TEST(IdempotencyKey, IsPrintable) {
  EXPECT_EQ(key_problem("8c2d-!~"), "");
  EXPECT_EQ(key_problem(std::string(200, 'k')), "");
  for (const std::string& key :
       {std::string(), std::string(201, 'k'), std::string("a\tb"), std::string("\xc3\xa4")}) {
    EXPECT_NE(key_problem(key), "") << key;
  }
}

}  // namespace
}  // namespace waybill::http
