#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ports/http_client.h"
#include "testing/http_test_server.h"

namespace waybill {

/// One implementation under test. Its answers may be 1 MiB long.
struct HttpClientImplementation {
  std::string name;
  std::function<std::unique_ptr<HttpClient>()> make;
};

class HttpClientConformance : public testing::TestWithParam<HttpClientImplementation> {
 protected:
  Result<HttpResponse> send(HttpRequest request, const Deadline& deadline = {}) {
    return client_->send(request, deadline);
  }
  Result<HttpResponse> get(const std::string& path) { return send({.url = server_.url(path)}); }

  HttpTestServer server_;
  std::unique_ptr<HttpClient> client_ = GetParam().make();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(HttpClientConformance);

}  // namespace waybill
