#include "adapters/curl/http_client.h"
#include "adapters/local/system_clock.h"
#include "tests/conformance/http_client/suite.h"

namespace waybill {
namespace {

/// With the clock that it waits by.
class ClockedClient final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override {
    return client_->send(request, deadline);
  }

 private:
  SystemClock clock_;
  std::unique_ptr<CurlHttpClient> client_ =
      CurlHttpClient::create(clock_, {.body_bytes_max = 1 << 20}).value();
};

INSTANTIATE_TEST_SUITE_P(Curl, HttpClientConformance,
                         testing::Values(HttpClientImplementation{
                             "curl", [] { return std::make_unique<ClockedClient>(); }}));

}  // namespace
}  // namespace waybill
