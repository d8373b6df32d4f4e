#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/mutex.h"
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
  /// What the server answers from the next request on; 200 with the request's body until it is set.
  void answer(HttpTestServer::Script script) {
    const Lock lock(mutex_);
    script_ = std::move(script);
  }

  Result<HttpResponse> send(const std::string& method, const std::string& target,
                            std::string body = {}) {
    return client_->send({.method = method, .url = server_.url() + target, .body = std::move(body)},
                         {});
  }
  std::unique_ptr<HttpClient> client_;

 private:
  ScriptedAnswer scripted(const ReceivedRequest& request) {
    const HttpTestServer::Script script = [this] {
      const Lock lock(mutex_);
      return script_;
    }();
    return script(request);
  }

  Mutex mutex_;
  HttpTestServer::Script script_ GUARDED_BY(mutex_) = [](const ReceivedRequest& request) {
    return ScriptedAnswer{.body = request.body};
  };

 protected:
  // The last, so that its threads end before what they use.
  HttpTestServer server_{[this](const ReceivedRequest& request) { return scripted(request); }};
};

}  // namespace waybill
