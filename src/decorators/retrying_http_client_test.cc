#include "decorators/retrying_http_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class RetryingHttpClientTest : public testing::Test {
 protected:
  /// Plays `answers_` in turn, the last one for ever.
  FakeHttpClient server_{[this](const HttpRequest&) {
    times_.push_back(clock_.steady_now());
    return answers_[std::min(times_.size(), answers_.size()) - 1];
  }};
  void use(HttpRetryOptions options) {
    client_ = std::make_unique<RetryingHttpClient>(server_, clock_, Rng(1), options);
  }
  static Result<HttpResponse> status(int status, HttpHeaders headers = {}) {
    return HttpResponse{.status = status, .headers = std::move(headers)};
  }
  Duration gap(std::size_t i) const { return times_.at(i + 1) - times_.at(i); }

  SimClock clock_;
  std::vector<SteadyTime> times_;
  std::vector<Result<HttpResponse>> answers_{status(200)};
  std::unique_ptr<RetryingHttpClient> client_ =
      std::make_unique<RetryingHttpClient>(server_, clock_, Rng(1));
};

TEST_F(RetryingHttpClientTest, EachStatusIsRepeatedOrNotAsItsMeaningSays) {
  for (int code = 200; code < 600; ++code) {
    answers_ = {status(code), status(200)};
    for (const Repeat repeat : {Repeat::safe, Repeat::never}) {
      times_.clear();
      const bool safe = repeat == Repeat::safe;
      const bool repeated =
          code == 429 || (safe && (code == 408 || code == 500 || (code >= 502 && code <= 504)));
      const auto response = client_->send({.repeat = repeat}, {});
      ASSERT_TRUE(response);
      EXPECT_EQ(times_.size(), repeated ? 2u : 1u) << code;
      EXPECT_EQ(response->status, repeated ? 200 : code);
    }
  }
}

TEST_F(RetryingHttpClientTest, ARefusalIsRepeatedWhereItAsksForIt) {
  use({.asks_again = [](const HttpResponse& response) { return response.body == "throttled"; }});
  for (const Repeat repeat : {Repeat::safe, Repeat::never}) {
    answers_ = {HttpResponse{.status = 400, .body = "throttled"}, status(200)};
    times_.clear();
    EXPECT_EQ(client_->send({.repeat = repeat}, {})->status, 200);
    answers_ = {HttpResponse{.status = 400, .body = "wrong"}, status(200)};
    times_.clear();
    EXPECT_EQ(client_->send({.repeat = repeat}, {})->status, 400);
    answers_ = {HttpResponse{.status = 200, .body = "throttled"}, status(201)};
    times_.clear();
    EXPECT_EQ(client_->send({.repeat = repeat}, {})->status, 200) << "that is no refusal";
  }
}

TEST_F(RetryingHttpClientTest, EachErrorIsRepeatedOrNotAsItsMeaningSays) {
  for (int i = 0; i <= static_cast<int>(Code::unauthenticated); ++i) {
    const Code code = static_cast<Code>(i);
    answers_ = {fail(code, "x"), status(200)};
    for (const Repeat repeat : {Repeat::safe, Repeat::never}) {
      times_.clear();
      const bool repeated =
          code == Code::unavailable || (code == Code::aborted && repeat == Repeat::safe);
      EXPECT_EQ(client_->send({.repeat = repeat}, {}).has_value(), repeated) << i;
      EXPECT_EQ(times_.size(), repeated ? 2u : 1u) << i;
    }
  }
}

TEST_F(RetryingHttpClientTest, OfManyAllAreTriedBeforeOneIsRepeated) {
  answers_ = {status(200), status(503),
              status(404), fail(Code::unavailable, "x"),
              status(201), fail(Code::unavailable, "x"),
              status(202)};
  std::vector<HttpRequest> requests;
  for (const char* url : {"/0", "/1", "/2", "/3"}) {
    requests.push_back({.url = url, .headers = {}, .body = {}});
  }
  const auto responses = client_->send_all(requests, {});
  ASSERT_EQ(responses.size(), 4u);
  EXPECT_EQ(responses[0]->status, 200);
  EXPECT_EQ(responses[1]->status, 201);
  EXPECT_EQ(responses[2]->status, 404);
  EXPECT_EQ(responses[3]->status, 202);
  std::string order;
  for (const HttpRequest& request : server_.requests()) order += request.url;
  EXPECT_EQ(order, "/0/1/2/3/1/3/3");
  EXPECT_EQ(client_->counts().retried, 3u);
  EXPECT_EQ(client_->counts().answered, 4u);
}

TEST_F(RetryingHttpClientTest, TheBackoffDoublesUpToItsMostWithHalfOfItLeftToChance) {
  answers_ = {status(503)};
  use({.attempts_max = 6, .backoff_first = 1s, .backoff_max = 5s});
  EXPECT_EQ(client_->send({}, {})->status, 503);
  ASSERT_EQ(times_.size(), 6u);
  const Duration full[] = {1s, 2s, 4s, 5s, 5s};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_GE(gap(i), full[i] / 2) << i;
    EXPECT_LE(gap(i), full[i]) << i;
  }
  EXPECT_NE(gap(3), gap(4));
  EXPECT_EQ(client_->counts(), (HttpRetryCounts{.retried = 5, .attempts_used_up = 1}));
}

TEST_F(RetryingHttpClientTest, RetryAfterIsNeverUndercut) {
  answers_ = {status(429, {{"retry-after", "7"}}), status(200)};
  EXPECT_EQ(client_->send({}, {})->status, 200);
  EXPECT_EQ(gap(0), 7s);
}

TEST_F(RetryingHttpClientTest, WhatWouldComeAfterTheDeadlineIsNotWaitedFor) {
  answers_ = {status(503, {{"retry-after", "7"}}), status(200)};
  const SteadyTime start = clock_.steady_now();
  EXPECT_EQ(client_->send({}, {.at = start + 7s})->status, 503);
  EXPECT_EQ(clock_.steady_now(), start);
  EXPECT_EQ(client_->counts(), (HttpRetryCounts{.time_used_up = 1}));
}

TEST_F(RetryingHttpClientTest, TheTotalTimeBoundsItWithoutADeadline) {
  answers_ = {status(503, {{"retry-after", "20"}})};
  use({.attempts_max = 100, .total_max = 1min});
  const SteadyTime start = clock_.steady_now();
  EXPECT_EQ(client_->send({}, {})->status, 503);
  EXPECT_EQ(times_.size(), 3u);
  EXPECT_EQ(clock_.steady_now() - start, 40s);
}

TEST_F(RetryingHttpClientTest, AnOutageUsesUpTheBudgetAndAnswersEarnItBack) {
  answers_ = {status(503)};
  use({.attempts_max = 2, .budget_max = 3, .budget_earned = 0.5});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client_->send({}, {})->status, 503);
  EXPECT_EQ(times_.size(), 23u);
  EXPECT_EQ(client_->counts(),
            (HttpRetryCounts{.retried = 3, .attempts_used_up = 3, .budget_used_up = 17}));
  answers_ = {status(200)};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client_->send({}, {})->status, 200);
  answers_ = {status(503)};
  times_.clear();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client_->send({}, {})->status, 503);
  EXPECT_EQ(times_.size(), 6u);
}

TEST_F(RetryingHttpClientTest, AStopEndsTheWaitForTheNextAttempt) {
  answers_ = {status(503)};
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(client_->send({}, {.stop = stop.get_token()}).error().code, Code::cancelled);
  EXPECT_EQ(times_.size(), 1u);
  EXPECT_EQ(client_->counts(), (HttpRetryCounts{.stopped = 1}));
}

}  // namespace
}  // namespace waybill
