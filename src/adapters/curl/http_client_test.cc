#include "adapters/curl/http_client.h"

#include <gtest/gtest.h>

#include <thread>

#include "testing/http_test_server.h"
#include "tests/conformance/http_client/suite.h"

namespace waybill {
namespace {

/// The time that the network goes by.
class NetworkClock final : public Clock {
 public:
  Time now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override {
    return std::chrono::floor<Duration>(std::chrono::steady_clock::now());
  }
  void wait_until(SteadyTime, std::stop_token) override { FAIL() << "the client never waits"; }
};
NetworkClock network_clock;

TEST(CurlHttpClient, AnAuthorityFileThatIsNotThereIsNamed) {
  const auto client = CurlHttpClient::create(network_clock, {.ca_files = {"/nonexistent/ca.pem"}});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Code::invalid_argument);
  EXPECT_NE(client.error().message.find("/nonexistent/ca.pem"), std::string::npos);
}

TEST(CurlHttpClient, AnAddressThatIsNotAllowedIsNotConnectedTo) {
  HttpTestServer server([](const ReceivedRequest&) { return ScriptedAnswer{}; });
  std::vector<std::string> asked;
  const auto may_connect = [&](std::string_view url, const IpAddress& address) {
    asked.push_back(std::string(url) + " " + to_string(address));
    return url.find("/open") != url.npos;
  };
  const auto client = CurlHttpClient::create(network_clock, {.may_connect = may_connect}).value();
  const std::string base = "http://localhost:" + std::to_string(server.port());
  const Deadline soon{.at = network_clock.steady_now() + std::chrono::seconds(10)};
  const auto refused = client->send({.url = base + "/shut"}, soon);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::permission_denied);
  EXPECT_NE(refused.error().message.find(", which is not allowed"), std::string::npos);
  EXPECT_EQ(server.connections(), 0);
  EXPECT_TRUE(client->send({.url = base + "/open"}, soon));
  EXPECT_EQ(asked.front().substr(0, base.size() + 6), base + "/shut ");
}

TEST(CurlHttpClient, AHostThatIsNotFoundDoesNotSpoilWhatComesNext) {
  const std::string body(50'000, 'x');  // far over the buffer of a PUT
  HttpTestServer server([&](const ReceivedRequest&) { return ScriptedAnswer{.body = body}; });
  const auto client = CurlHttpClient::create(network_clock).value();
  const Deadline soon{.at = network_clock.steady_now() + std::chrono::seconds(30)};
  for (const char* lost : {"GET", "PUT", "DELETE"}) {
    for (const char* method : {"PUT", "GET", "DELETE"}) {
      EXPECT_FALSE(client->send({.method = lost, .url = "http://no-such-host.invalid/"}, soon));
      const auto next = client->send({.method = method, .url = server.url() + "/"}, soon);
      ASSERT_TRUE(next) << next.error().message;
      EXPECT_EQ(next->body, body);
    }
  }
}

TEST(CurlHttpClient, ManyRequestsAreUnderWayAtOnceAndKeepTheirConnections) {
  constexpr std::size_t kMany = 10;
  HttpTestServer server([](const ReceivedRequest& request) {
    return ScriptedAnswer{.body = request.target, .hold = true};
  });
  const auto client = CurlHttpClient::create(network_clock).value();
  std::vector<HttpRequest> requests;
  for (std::size_t i = 0; i < kMany; ++i) {
    requests.push_back({.url = server.url() + "/" + std::to_string(i), .headers = {}, .body = {}});
  }
  const Deadline soon{.at = network_clock.steady_now() + std::chrono::seconds(30)};
  // None is answered before all have come.
  const std::jthread release([&] {
    server.await_requests(kMany);
    server.release();
  });
  for (int round = 0; round < 3; ++round) {
    const auto responses = client->send_all(requests, soon);
    for (std::size_t i = 0; i < kMany; ++i) {
      ASSERT_TRUE(responses[i]) << responses[i].error().message;
      EXPECT_EQ(responses[i]->body, "/" + std::to_string(i));
    }
  }
  EXPECT_TRUE(client->send(requests[0], soon));
  EXPECT_EQ(server.connections(), static_cast<int>(kMany));
}

/// Both ways in which it gives a URL to libcurl.
HttpClientImplementation implementation(std::string name, HttpProxy proxy) {
  return {.name = std::move(name), .make = [proxy](std::size_t body_bytes_max) {
            return CurlHttpClient::create(
                       network_clock, {.body_bytes_max = body_bytes_max, .proxy_of_http = proxy})
                .value();
          }};
}

INSTANTIATE_TEST_SUITE_P(Curl, HttpClientConformance,
                         testing::Values(implementation("curl", HttpProxy::possible),
                                         implementation("curl_without_proxy", HttpProxy::none)),
                         [](const auto& instance) { return instance.param.name; });

TEST(CurlParams, KnowAProxyForPlainHttpByEachOfItsNames) {
  EXPECT_EQ(curl_params({{"https_proxy", "http://a.example"}}).proxy_of_http, HttpProxy::none);
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    EXPECT_EQ(curl_params({{name, "http://a.example"}}).proxy_of_http, HttpProxy::possible) << name;
  }
}

}  // namespace
}  // namespace waybill
