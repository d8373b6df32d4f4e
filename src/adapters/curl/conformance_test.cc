#include "adapters/curl/http_client.h"
#include "base/check.h"
#include "tests/conformance/http_client/suite.h"

namespace waybill {
namespace {

/// The machine's own time, as the server's.
class MachineClock final : public Clock {
 public:
  Time now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override {
    return std::chrono::floor<Duration>(std::chrono::steady_clock::now());
  }
  void wait_until(SteadyTime, std::stop_token) override {
    WAYBILL_CHECK(false, "a client waits for its server only");
  }
};

/// With the clock that it waits by.
class ClockedClient final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override {
    return client_->send(request, deadline);
  }

 private:
  MachineClock clock_;
  std::unique_ptr<CurlHttpClient> client_ =
      CurlHttpClient::create(clock_, {.body_bytes_max = 1 << 20}).value();
};

INSTANTIATE_TEST_SUITE_P(Curl, HttpClientConformance,
                         testing::Values(HttpClientImplementation{
                             "curl", [] { return std::make_unique<ClockedClient>(); }}));

}  // namespace
}  // namespace waybill
