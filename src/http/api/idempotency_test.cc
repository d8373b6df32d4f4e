#include "http/api/idempotency.h"

#include <gtest/gtest.h>

#include "testing/fake_answer_store.h"

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
  EXPECT_EQ(answers.find(call, Keeping::in_memory)->has_value(), false);
  answers.keep(call, answer("first"), Keeping::in_memory, {});
  answers.keep(call, answer("second"), Keeping::in_memory, {});
  const auto again = answers.find(call, Keeping::in_memory);
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->body, "first");
  EXPECT_EQ((*again)->headers, (Pairs{{"Idempotent-Replayed", "true"}}));
}

TEST(FirstAnswers, RefuseAnotherCallUnderTheKey) {
  FirstAnswers answers;
  answers.keep(keyed_call("ann", "k", post("/a", "{}")), answer("first"), Keeping::in_memory, {});
  for (const Request& other : {post("/a", "{ }"), post("/b", "{}")}) {
    const auto found = answers.find(keyed_call("ann", "k", other), Keeping::in_memory);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().status, 422);
    EXPECT_EQ(found.error().type, "key-reused");
  }
}

TEST(FirstAnswers, OfOneCallOneIsUnderWay) {
  FirstAnswers answers;
  {
    const FirstAnswers::UnderWay first(answers, "ann\nk");
    EXPECT_TRUE(first.is_ours());
    {
      const FirstAnswers::UnderWay again(answers, "ann\nk");
      EXPECT_FALSE(again.is_ours());
    }
    EXPECT_FALSE(FirstAnswers::UnderWay(answers, "ann\nk").is_ours()) << "the first goes on";
    EXPECT_TRUE(FirstAnswers::UnderWay(answers, "bob\nk").is_ours());
  }
  EXPECT_TRUE(FirstAnswers::UnderWay(answers, "ann\nk").is_ours());
  EXPECT_EQ(key_under_way().status, 503);
}

TEST(FirstAnswers, AreEachCallersOwn) {
  FirstAnswers answers;
  answers.keep(keyed_call("ann", "k", post("/a", "{}")), answer("first"), Keeping::in_memory, {});
  EXPECT_EQ(answers.find(keyed_call("bob", "k", post("/a", "{}")), Keeping::in_memory)->has_value(),
            false);
  EXPECT_EQ(answers.find(keyed_call("ann", "l", post("/a", "{}")), Keeping::in_memory)->has_value(),
            false);
}

TEST(FirstAnswers, ForgetTheOldest) {
  FirstAnswers answers(1100);  // two
  for (const char* key : {"1", "2", "3"}) {
    answers.keep(keyed_call("ann", key, post("/a", "{}")), answer(key), Keeping::in_memory, {});
  }
  EXPECT_EQ(answers.find(keyed_call("ann", "1", post("/a", "{}")), Keeping::in_memory)->has_value(),
            false);
  EXPECT_EQ(answers.find(keyed_call("ann", "2", post("/a", "{}")), Keeping::in_memory)->has_value(),
            true);
}

TEST(FirstAnswers, ThatAreKeptDurablyOutliveARestart) {
  FakeAnswerStore store;
  const KeyedCall call = keyed_call("ann", "k", post("/a", "{}"));
  Response first{.status = 201, .body = "first", .headers = {}, .stream = nullptr};
  first.headers = {{"ETag", "\"1: 2\""}, {"Location", "/v1/tasks/x"}};
  FirstAnswers(1100, &store).keep(call, first, Keeping::durably, {});
  const FirstAnswers anew(1100, &store);
  const auto again = anew.find(call, Keeping::durably);
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->status, 201);
  EXPECT_EQ((*again)->body, "first");
  EXPECT_EQ(
      (*again)->headers,
      (Pairs{{"ETag", "\"1: 2\""}, {"Location", "/v1/tasks/x"}, {"Idempotent-Replayed", "true"}}));
  EXPECT_EQ(anew.find(keyed_call("ann", "k", post("/a", "{ }")), Keeping::durably).error().type,
            "key-reused");
  EXPECT_EQ(anew.find(call, Keeping::in_memory)->has_value(), false) << "it does not cost a read";
}

TEST(FirstAnswers, OfWorkersAreNeverWritten) {
  FakeAnswerStore store;
  const KeyedCall call = keyed_call("w", "k", post("/v1/claims", "{}"));
  FirstAnswers(1100, &store).keep(call, answer("a secret"), Keeping::in_memory, {});
  EXPECT_FALSE(store.find(call.owner)->has_value());
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
