#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ports/http_client.h"
#include "testing/http_test_server.h"

namespace waybill {

/// One implementation under test, which takes answers of up to `body_bytes_max`.
struct HttpClientImplementation {
  std::string name;
  std::function<std::unique_ptr<HttpClient>(std::size_t body_bytes_max)> make;
};

/// What every HttpClient does: this suite is the definition of the port. Link
/// `waybill_conformance_http_client` and instantiate it with a HttpClientImplementation.
class HttpClientConformance : public testing::TestWithParam<HttpClientImplementation> {
 protected:
  static constexpr std::size_t kBodyBytesMax = 1 << 20;
  void SetUp() override {
    client_ = GetParam().make(kBodyBytesMax);
    ASSERT_NE(client_, nullptr);
  }
  HttpTestServer::Script script_ = [](const ReceivedRequest& request) {
    return ScriptedAnswer{.body = request.body};
  };
  /// Answers as `script_` says; 200 with the request's body until it is set.
  HttpTestServer server_{[this](const ReceivedRequest& request) { return script_(request); }};
  Result<HttpResponse> send(const std::string& method, const std::string& target,
                            std::string body = {}) {
    return client_->send({.method = method, .url = server_.url() + target, .body = std::move(body)},
                         {});
  }
  std::unique_ptr<HttpClient> client_;
};

}  // namespace waybill
