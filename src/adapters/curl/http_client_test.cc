#include "adapters/curl/http_client.h"

#include <gtest/gtest.h>

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

INSTANTIATE_TEST_SUITE_P(Curl, HttpClientConformance,
                         testing::Values(HttpClientImplementation{
                             .name = "curl",
                             .make =
                                 [](std::size_t body_bytes_max) {
                                   return CurlHttpClient::create(network_clock,
                                                                 {.body_bytes_max = body_bytes_max})
                                       .value();
                                 }}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace waybill
