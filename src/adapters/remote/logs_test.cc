#include "adapters/remote/logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "adapters/remote/secrets.h"
#include "base/base64.h"
#include "base/json.h"
#include "testing/builders.h"
#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class RemoteLogsTest : public testing::Test {
 protected:
  RemoteLogsTest() {
    held_.put(task_id(1), {.fence = 3, .attempt = 2, .lease_until = clock_.steady_now() + 20s});
  }
  Status append(std::string bytes, LogStream stream = LogStream::out, std::uint32_t attempt = 2) {
    return logs_.append(task_id(1), {.attempt = attempt, .stream = stream, .bytes = bytes});
  }
  void answer(Result<HttpResponse> with) {
    const Lock lock(mutex_);
    answer_ = std::move(with);
  }
  Result<HttpResponse> answer_now() {
    const Lock lock(mutex_);
    return answer_;
  }
  void await_requests(std::size_t count) {
    while (http_.requests().size() < count) std::this_thread::yield();
  }
  std::string text_sent() {
    std::string text;
    for (const HttpRequest& request : http_.requests()) {
      const auto body = json::parse(request.body).value();
      for (const auto& chunk : body.as_object().at("chunks").as_array()) {
        text += chunk.as_object().at("text").as_string();
      }
    }
    return text;
  }

  SimClock clock_{OnWait::blocks};
  Mutex mutex_;
  Result<HttpResponse> answer_ GUARDED_BY(mutex_) = HttpResponse{.status = 204};
  FakeHttpClient http_{[this](const HttpRequest&) { return answer_now(); }};
  RemoteServer server_{http_, clock_, Rng(1), {.url = "http://host:1"}};
  HeldTasks held_;
  RemoteLogs logs_{server_,
                   held_,
                   clock_,
                   {.every = 200ms, .batch_bytes = 100, .waiting_bytes_max = 300, .senders = 2}};
};

TEST_F(RemoteLogsTest, WhatIsWrittenWithinATimeIsSentAtOnceInOrder) {
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(append(text));
  ASSERT_TRUE(append("oh", LogStream::err));
  clock_.await_waiters(2);
  EXPECT_TRUE(http_.requests().empty());
  clock_.advance(200ms);
  await_requests(1);
  ASSERT_TRUE(logs_.flush(task_id(1), 3));
  ASSERT_EQ(http_.requests().size(), 1U);
  EXPECT_THAT(http_.requests()[0].url, HasSubstr(to_string(task_id(1)) + "/logs"));
  EXPECT_THAT(http_.requests()[0].body, HasSubstr(R"("text":"abc")"));
  EXPECT_THAT(http_.requests()[0].body, HasSubstr(R"("stream":"stderr")"));
}

TEST_F(RemoteLogsTest, AFullBatchDoesNotWait) {
  ASSERT_TRUE(append(std::string(100, 'x')));
  await_requests(1);
}

TEST_F(RemoteLogsTest, FlushSendsTheRestNow) {
  ASSERT_TRUE(append("rest"));
  ASSERT_TRUE(logs_.flush(task_id(1), 3));
  EXPECT_EQ(text_sent(), "rest");
  ASSERT_TRUE(logs_.flush(task_id(1), 3)) << "there is nothing left";
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(RemoteLogsTest, ABatchWithoutAnAnswerIsSentAgainAsItWas) {
  answer(fail(Code::aborted, "cut off"));
  ASSERT_TRUE(append("once"));
  EXPECT_EQ(logs_.flush(task_id(1), 3).error().code, Code::unavailable);
  ASSERT_TRUE(append("later"));
  answer(HttpResponse{.status = 204});
  ASSERT_TRUE(logs_.flush(task_id(1), 3));
  const auto sent = http_.requests();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].body, sent[1].body);
  EXPECT_EQ(sent[0].headers.at(1), sent[1].headers.at(1));
  EXPECT_NE(sent[0].headers.at(1), sent[2].headers.at(1));
  EXPECT_THAT(sent[2].body, HasSubstr("later"));
  EXPECT_THAT(sent[1].body, HasSubstr(R"("chunks_before":0,)"));
  EXPECT_THAT(sent[2].body, HasSubstr(R"("chunks_before":1,)"));
}

TEST_F(RemoteLogsTest, ABatchThatIsRefusedForGoodCountsForNothing) {
  answer(HttpResponse{.status = 400});
  ASSERT_TRUE(append("bad"));
  ASSERT_TRUE(logs_.flush(task_id(1), 3));
  answer(HttpResponse{.status = 204});
  ASSERT_TRUE(append("good"));
  ASSERT_TRUE(logs_.flush(task_id(1), 3));
  EXPECT_THAT(http_.requests().back().body, HasSubstr(R"("chunks_before":0,)"));
}

TEST_F(RemoteLogsTest, WhereABatchMayHaveBeenTakenBeforeItWasRefusedNothingIsCounted) {
  answer(fail(Code::aborted, "cut off"));
  ASSERT_TRUE(append("once"));
  EXPECT_EQ(logs_.flush(task_id(1), 3).error().code, Code::unavailable);
  answer(HttpResponse{.status = 400});
  ASSERT_TRUE(logs_.flush(task_id(1), 3));
  answer(HttpResponse{.status = 204});
  for (const char* text : {"good", "better"}) {
    ASSERT_TRUE(append(text));
    ASSERT_TRUE(logs_.flush(task_id(1), 3));
    EXPECT_THAT(http_.requests().back().body, HasSubstr(text));
    EXPECT_THAT(http_.requests().back().body, testing::Not(HasSubstr("chunks_before")));
  }
}

TEST_F(RemoteLogsTest, WhileTheServerTakesNothingARunWaitsUntilItsLeaseIsOver) {
  answer(fail(Code::unavailable, "nobody there"));
  ASSERT_TRUE(append(std::string(300, 'x')));
  Status appended;
  std::jthread run([&] { appended = append("more"); });
  clock_.await_waiters(3);
  clock_.advance(20s);
  run.join();
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, Code::aborted);
}

TEST_F(RemoteLogsTest, WhatTheServerTakesNoneOfForLongIsGivenUpThoughTheLeaseGoesOn) {
  held_.put(task_id(1), {.fence = 3, .attempt = 2, .lease_until = clock_.steady_now() + 1h});
  answer(HttpResponse{.status = 507, .body = R"({"detail":"the disk is full"})"});
  ASSERT_TRUE(append(std::string(300, 'x')));
  EXPECT_EQ(logs_.flush(task_id(1), 3).error().code, Code::unavailable);
  EXPECT_FALSE(logs_.give_up(task_id(1), 3)) << "it may get better";
  clock_.await_waiters(2);
  clock_.advance(30s);
  await_requests(2);
  clock_.await_waiters(2);
  EXPECT_EQ(append("more").error().code, Code::unavailable) << "a run does not wait for ever";
  EXPECT_TRUE(logs_.give_up(task_id(1), 3));
  EXPECT_TRUE(logs_.flush(task_id(1), 3)) << "nothing is left that its end would wait for";
}

TEST_F(RemoteLogsTest, AFlushWaitsNoLongerThanItsDeadline) {
  answer(fail(Code::unavailable, "nobody there"));
  ASSERT_TRUE(append("x"));
  EXPECT_EQ(logs_.flush(task_id(1), 3, {.at = clock_.steady_now()}).error().code,
            Code::unavailable);
}

TEST_F(RemoteLogsTest, AnswersOfALostLeaseEndIt) {
  answer(HttpResponse{.status = 409, .body = R"({"detail":"not leased"})"});
  ASSERT_TRUE(append("late"));
  (void)logs_.flush(task_id(1), 3);
  EXPECT_EQ(append("later").error().code, Code::aborted);
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(RemoteLogsTest, OutputOfAnotherAttemptIsRefused) {
  EXPECT_EQ(append("old", LogStream::out, 1).error().code, Code::aborted);
}

TEST_F(RemoteLogsTest, OutputThatIsNotUtf8IsSentAsReplacements) {
  ASSERT_TRUE(append("a\xff"));
  ASSERT_TRUE(logs_.flush(task_id(1), 3));
  EXPECT_THAT(http_.requests()[0].body, HasSubstr("\xEF\xBF\xBD"));
  EXPECT_TRUE(json::parse(http_.requests()[0].body).has_value());
}

TEST_F(RemoteLogsTest, ASecretIsAskedForWithTheLease) {
  RemoteSecrets secrets(server_, held_, "w");
  answer(HttpResponse{.status = 200,
                      .body = R"({"secrets":[{"name":"p","value":")" + to_base64("hunter2") +
                              R"(","problem":null}]})"});
  EXPECT_EQ(secrets.secret_of(task_id(1), "p"), "hunter2");
  EXPECT_EQ(http_.requests()[0].body, R"({"worker":"w","fence":3,"names":["p"]})");
  answer(HttpResponse{.status = 200,
                      .body = R"({"secrets":[{"name":"p","value":null,)"
                              R"("problem":{"status":404,"detail":"there is no secret"}}]})"});
  EXPECT_EQ(secrets.secret_of(task_id(1), "p").error().code, Code::not_found);
  answer(HttpResponse{.status = 404, .body = R"({"detail":"there is nothing at this path"})"});
  EXPECT_EQ(secrets.secret_of(task_id(1), "p").error().code, Code::failed_precondition)
      << "an older server";
  EXPECT_EQ(secrets.secret_of(task_id(2), "p").error().code, Code::aborted);
}

}  // namespace
}  // namespace waybill
