#include "tests/conformance/http_client/suite.h"

#include <gmock/gmock.h>

#include <chrono>
#include <set>
#include <thread>
#include <vector>

namespace waybill {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

SteadyTime in(Duration duration) {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()) + duration;
}

TEST_P(HttpClientConformance, ARequestArrivesByteForByte) {
  const auto response = send({.method = "POST",
                              .url = server_.url("/echo/a%2Fb/../c//d?x=%20+&y"),
                              .headers = {{"X-One", "1"}, {"Empty", ""}},
                              .body = std::string("a\0b", 3)});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->body, HasSubstr("POST /echo/a%2Fb/../c//d?x=%20+&y HTTP/1.1\r\n"));
  EXPECT_THAT(response->body, HasSubstr("X-One: 1\r\n"));
  EXPECT_THAT(response->body, HasSubstr("Empty:"));
  EXPECT_THAT(response->body, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_THAT(response->body, HasSubstr(std::string("\r\n\r\na\0b", 7)));
  EXPECT_THAT(response->body, Not(HasSubstr("Content-Type"))) << "nothing is added that has a say";
  EXPECT_THAT(response->body, Not(HasSubstr("Expect")));
}

TEST_P(HttpClientConformance, AnEmptyBodyHasItsLength) {
  for (const char* method : {"PUT", "POST", "DELETE"}) {
    const auto response = send({.method = method, .url = server_.url("/echo")});
    ASSERT_TRUE(response.has_value());
    EXPECT_THAT(response->body, HasSubstr(std::string(method) + " /echo"));
    EXPECT_THAT(response->body, HasSubstr("Content-Length: 0\r\n"));
  }
  EXPECT_THAT(get("/echo")->body, Not(HasSubstr("Content-Length")));
}

TEST_P(HttpClientConformance, HeadersComeInLowerCaseWithTheirValuesKept) {
  const auto response = get("/status/404");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(header(*response, "x-case"), "Kept");
  EXPECT_EQ(response->body, "said so");
}

TEST_P(HttpClientConformance, AnyStatusIsAnAnswer) {
  for (const int status : {204, 301, 302, 401, 404, 412, 429, 500, 503}) {
    const auto response = get("/status/" + std::to_string(status));
    ASSERT_TRUE(response.has_value()) << status << ": " << response.error().message;
    EXPECT_EQ(response->status, status);
  }
}

TEST_P(HttpClientConformance, HeadHasNoBodyAndDoesNotWaitForOne) {
  const auto response = send({.method = "HEAD", .url = server_.url("/echo")});
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
}

TEST_P(HttpClientConformance, ChunksAreJoined) {
  EXPECT_EQ(get("/chunked")->body, "one two three");
}

TEST_P(HttpClientConformance, BigBodiesGoBothWays) {
  EXPECT_EQ(get("/bytes/1000000")->body.size(), 1'000'000u);
  const auto response =
      send({.method = "PUT", .url = server_.url("/echo"), .body = std::string(300'000, 'y')});
  ASSERT_TRUE(response.has_value());
  EXPECT_THAT(response->body, testing::EndsWith(std::string(300'000, 'y')));
}

TEST_P(HttpClientConformance, AConnectionIsUsedAgain) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get("/connection")->body, "1");
  EXPECT_EQ(server_.connections(), 1);
}

TEST_P(HttpClientConformance, ManyThreadsSendAtOnce) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto response = get("/bytes/1000");
        ASSERT_TRUE(response.has_value()) << response.error().message;
        EXPECT_EQ(response->body.size(), 1000u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(server_.connections(), 8);
}

TEST_P(HttpClientConformance, AnAnswerThatIsCutOffMayHaveBeenCarriedOut) {
  for (const char* path : {"/cut", "/half"}) {
    const auto response = send({.method = "POST", .url = server_.url(path), .body = "x"});
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, Code::aborted) << response.error().message;
  }
}

TEST_P(HttpClientConformance, WhatIsNotThereIsUnavailable) {
  int port = 0;
  {
    const HttpTestServer gone;
    port = gone.port();
  }
  const auto refused = send({.url = "http://127.0.0.1:" + std::to_string(port) + "/x?secret=1"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("secret")));
}

TEST_P(HttpClientConformance, SilenceEndsWithTheDeadline) {
  const auto response = send({.url = server_.url("/silent")}, {.at = in(milliseconds(50))});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::deadline_exceeded);
}

TEST_P(HttpClientConformance, AStopEndsIt) {
  std::stop_source source;
  std::thread stopper([&] {
    while (server_.connections() == 0) std::this_thread::yield();
    source.request_stop();
  });
  const auto response = send({.url = server_.url("/silent")},
                             {.at = in(std::chrono::seconds(20)), .stop = source.get_token()});
  stopper.join();
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::cancelled);
}

TEST_P(HttpClientConformance, AnAnswerOverTheLimitIsRefused) {
  const auto response = get("/bytes/1048577");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::resource_exhausted);
  EXPECT_EQ(get("/bytes/1048576")->body.size(), 1'048'576u) << "and the next one is served";
}

TEST_P(HttpClientConformance, WhatIsNoUrlIsRefused) {
  for (const char* url : {"", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://"}) {
    const auto response = send({.url = url});
    ASSERT_FALSE(response.has_value()) << url;
    EXPECT_EQ(response.error().code, Code::invalid_argument) << url << response.error().message;
  }
}

}  // namespace
}  // namespace waybill
