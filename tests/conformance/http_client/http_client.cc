#include <atomic>
#include <thread>
#include <vector>

#include "tests/conformance/http_client/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(HttpClientConformance);

namespace {

using namespace std::chrono_literals;

Deadline within(Duration time) {
  const auto at = std::chrono::steady_clock::now() + time;
  return {.at = std::chrono::time_point_cast<Duration>(at)};
}

/// "waybill\n" ten times, as gzip wrote it.
std::string gzipped() {
  static constexpr char kBytes[] =
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
      "\x2b"
      "\x4f"
      "\xac"
      "\x4c"
      "\xca"
      "\xcc"
      "\xc9"
      "\xe1"
      "\x2a"
      "\xa7"
      "\x12"
      "\x0d"
      "\x00"
      "\xc3"
      "\xb8"
      "\xac"
      "\x82"
      "\x50"
      "\x00"
      "\x00"
      "\x00";
  return {kBytes, sizeof(kBytes) - 1};
}

TEST_P(HttpClientConformance, StatusHeadersAndBodyOfTheAnswerAreGiven) {
  answer([](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 418,
                          .headers = {{"X-One", " a b "}, {"ETag", "\"e\""}, {"X-Empty", ""}},
                          .body = std::string("a\0b", 3)};
  });
  const auto response = send("GET", "/");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 418);
  EXPECT_EQ(header(*response, "x-one"), "a b");
  EXPECT_EQ(header(*response, "etag"), "\"e\"");
  EXPECT_EQ(header(*response, "x-empty"), "");
  EXPECT_EQ(response->body, std::string("a\0b", 3));
}

TEST_P(HttpClientConformance, TheUrlIsSentByteForByte) {
  const std::vector<std::string> targets = {"/a/../b/./c", "/a%2Fb%2fc%7Ed~",   "//double//",
                                            "/p?",         "/p?q=%20+&q=a=b&x", "/a:b@c;d,e!'()*$"};
  for (const std::string& target : targets) ASSERT_TRUE(send("GET", target)) << target;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    EXPECT_EQ(server_.requests()[i].target, targets[i]);
  }
}

TEST_P(HttpClientConformance, MethodHeadersAndBodyAreSentAndNothingIsAsked) {
  const std::string body(100'000, '\xfe');
  const auto response = client_->send({.method = "PATCH",
                                       .url = server_.url() + "/",
                                       .headers = {{"X-One", "1"}, {"X-Empty", ""}},
                                       .body = body},
                                      {});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, body);
  const ReceivedRequest request = server_.requests().at(0);
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.header("x-one"), "1");
  EXPECT_TRUE(request.has_header("x-empty"));
  EXPECT_EQ(request.header("content-length"), "100000");
  EXPECT_FALSE(request.has_header("expect"));
  EXPECT_FALSE(request.has_header("content-type"));
}

TEST_P(HttpClientConformance, AnEmptyBodyHasALengthButForGetAndHead) {
  for (const char* method : {"PUT", "POST", "DELETE"}) {
    ASSERT_TRUE(send(method, "/"));
    EXPECT_EQ(server_.requests().back().header("content-length"), "0") << method;
  }
  for (const char* method : {"GET", "HEAD"}) {
    ASSERT_TRUE(send(method, "/"));
    EXPECT_FALSE(server_.requests().back().has_header("content-length")) << method;
  }
}

TEST_P(HttpClientConformance, OfManyEachIsAnsweredForItselfInTheirOrder) {
  answer([](const ReceivedRequest& request) {
    return ScriptedAnswer{.status = request.target == "/3" ? 418 : 200,
                          .body = request.target + request.body,
                          .cut = request.target == "/2" ? Cut::before_answer : Cut::nowhere};
  });
  for (int round = 0; round < 2; ++round) {
    std::vector<HttpRequest> requests;
    for (int i = 0; i < 5; ++i) {
      requests.push_back({.method = "PUT",
                          .url = server_.url() + "/" + std::to_string(i),
                          .headers = {},
                          .body = "b" + std::to_string(i),
                          .repeat = Repeat::never});
    }
    const auto responses = client_->send_all(requests, within(30s));
    ASSERT_EQ(responses.size(), 5u);
    for (std::size_t i = 0; i < responses.size(); ++i) {
      const std::string text = std::to_string(i);
      ASSERT_EQ(responses[i].has_value(), i != 2) << i;
      if (i != 2) EXPECT_EQ(responses[i]->body, "/" + text + "b" + text);
    }
    EXPECT_EQ(responses[2].error().code, Code::aborted);
    EXPECT_EQ(responses[3]->status, 418);
  }
  EXPECT_EQ(server_.requests().size(), 10u);
  EXPECT_TRUE(client_->send_all({}, {}).empty());
}

TEST_P(HttpClientConformance, OfManyOneThatIsNotAnsweredInTimeTakesNoneWithIt) {
  answer([](const ReceivedRequest& request) {
    return ScriptedAnswer{.body = request.target, .hold = request.target == "/1"};
  });
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 3; ++i) {
    requests.push_back({.url = server_.url() + "/" + std::to_string(i), .headers = {}, .body = {}});
  }
  const auto responses = client_->send_all(requests, within(300ms));
  ASSERT_EQ(responses.size(), 3u);
  ASSERT_TRUE(responses[0] && !responses[1]);
  EXPECT_EQ(responses[1].error().code, Code::deadline_exceeded);
  EXPECT_EQ(responses[0]->body, "/0");
  server_.release();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send("GET", "/2").value().body, "/2");
}

TEST_P(HttpClientConformance, TheAnswerToHeadHasNoBodyAndTheConnectionStaysInStep) {
  answer([](const ReceivedRequest&) { return ScriptedAnswer{.body = "12345"}; });
  const auto head = send("HEAD", "/");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(header(*head, "content-length"), "5");
  EXPECT_EQ(send("GET", "/").value().body, "12345");
  EXPECT_EQ(server_.connections(), 1);
}

TEST_P(HttpClientConformance, ARedirectIsAnAnswer) {
  answer([](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 302, .headers = {{"Location", "/elsewhere"}}};
  });
  EXPECT_EQ(send("GET", "/").value().status, 302);
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_P(HttpClientConformance, CompressionAndChunksAreUndone) {
  answer([](const ReceivedRequest& request) {
    if (request.target == "/chunked")
      return ScriptedAnswer{.body = "in pieces of seven", .chunked = true};
    return ScriptedAnswer{.headers = {{"Content-Encoding", "gzip"}}, .body = gzipped()};
  });
  EXPECT_EQ(send("GET", "/chunked").value().body, "in pieces of seven");
  const auto response = send("GET", "/gzip");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body.size(), 80u);
  EXPECT_EQ(response->body.substr(72), "waybill\n");
}

TEST_P(HttpClientConformance, ConnectionsAreKept) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(send(i % 2 == 0 ? "GET" : "PUT", "/"));
  EXPECT_EQ(server_.connections(), 1);
}

TEST_P(HttpClientConformance, WhatMustNotBeRepeatedUsesAKeptConnectionToo) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(
        client_->send({.method = "PUT", .url = server_.url(), .repeat = Repeat::never}, {}));
  }
  EXPECT_EQ(server_.connections(), 1);
}

TEST_P(HttpClientConformance, ManyThreadsSendAtOnce) {
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          const std::string body = std::to_string(t * 100 + i);
          const auto response = send("POST", "/", body);
          if (response && response->body == body) ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, 160);
  EXPECT_LE(server_.connections(), 8);
}

TEST_P(HttpClientConformance, WhereNobodyListensIsUnavailable) {
  std::string url;
  {
    const HttpTestServer gone([](const ReceivedRequest&) { return ScriptedAnswer{}; });
    url = gone.url();
  }
  EXPECT_EQ(client_->send({.url = url}, {}).error().code, Code::unavailable);
}

TEST_P(HttpClientConformance, ACutBeforeAnAnswerIsNeverTakenForOne) {
  server_.cut_connections(1);
  const auto response = send("PUT", "/", "x");
  ASSERT_FALSE(response);
  // The client may have sent before it saw the cut: it can know no better than `aborted` then.
  EXPECT_TRUE(response.error().code == Code::unavailable || response.error().code == Code::aborted);
  EXPECT_TRUE(send("PUT", "/", "x"));
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_P(HttpClientConformance, ACutAfterTheRequestIsAborted) {
  answer([](const ReceivedRequest&) { return ScriptedAnswer{.cut = Cut::before_answer}; });
  EXPECT_EQ(send("PUT", "/", "x").error().code, Code::aborted);
  answer(
      [](const ReceivedRequest&) { return ScriptedAnswer{.body = "123456", .cut = Cut::in_body}; });
  EXPECT_EQ(send("GET", "/").error().code, Code::aborted);
}

TEST_P(HttpClientConformance, WhatMustNotBeRepeatedReachesTheServerOnceOverAKeptConnectionToo) {
  ASSERT_TRUE(send("GET", "/"));
  answer([](const ReceivedRequest&) { return ScriptedAnswer{.cut = Cut::before_answer}; });
  const HttpRequest request{
      .method = "POST", .url = server_.url() + "/once", .repeat = Repeat::never};
  EXPECT_EQ(client_->send(request, {}).error().code, Code::aborted);
  EXPECT_EQ(server_.requests().size(), 2u);
}

TEST_P(HttpClientConformance, AnAnswerThatDoesNotComeInTimeIsGivenUp) {
  answer([](const ReceivedRequest&) { return ScriptedAnswer{.hold = true}; });
  const auto response = client_->send({.url = server_.url()}, within(50ms));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::deadline_exceeded);
}

TEST_P(HttpClientConformance, AStopEndsARequestThatIsUnderWay) {
  answer([](const ReceivedRequest&) { return ScriptedAnswer{.hold = true}; });
  std::stop_source stop;
  Code code = Code::unknown;
  std::jthread sender([&] {
    code = client_->send({.url = server_.url()}, {.stop = stop.get_token()}).error().code;
  });
  server_.await_requests(1);
  stop.request_stop();
  sender.join();
  EXPECT_EQ(code, Code::cancelled);
}

TEST_P(HttpClientConformance, ARequestThatWasGivenUpDoesNotMixWithTheNext) {
  answer([](const ReceivedRequest& request) {
    return ScriptedAnswer{.body = request.target, .hold = request.target == "/slow"};
  });
  EXPECT_FALSE(client_->send({.url = server_.url() + "/slow"}, within(20ms)));
  EXPECT_EQ(send("GET", "/next").value().body, "/next");
}

TEST_P(HttpClientConformance, AnAnswerOverTheLimitIsRefused) {
  answer([](const ReceivedRequest& request) {
    return ScriptedAnswer{.body = std::string(kBodyBytesMax + (request.target == "/over"), 'x')};
  });
  EXPECT_EQ(send("GET", "/over").error().code, Code::resource_exhausted);
  EXPECT_EQ(send("GET", "/fits").value().body.size(), kBodyBytesMax);
}

TEST_P(HttpClientConformance, WhatIsNoHttpUrlIsInvalid) {
  for (const char* url : {"", "host/path", "file:///etc/passwd", "ftp://host/x", "http:///x"}) {
    const auto response = client_->send({.url = url}, {});
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, Code::invalid_argument) << url;
  }
}

TEST_P(HttpClientConformance, AHeaderCannotSmuggleAnother) {
  const auto response =
      client_->send({.url = server_.url(), .headers = {{"X-A", "1\r\nX-B: 2"}}}, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::invalid_argument);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_P(HttpClientConformance, AnErrorNamesTheHostButNoSecret) {
  answer([](const ReceivedRequest&) { return ScriptedAnswer{.cut = Cut::before_answer}; });
  const auto response = client_->send(
      {.url = server_.url() + "/p?signature=hidden", .headers = {{"Authorization", "hidden"}}}, {});
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().message.find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(response.error().message.find("hidden"), std::string::npos);
}

}  // namespace
}  // namespace waybill
