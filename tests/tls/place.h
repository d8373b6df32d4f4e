#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/curl/http_client.h"
#include "adapters/local/system_clock.h"
#include "tests/queues/server.h"

namespace waybill {

/// Certificates that `openssl` makes once for all cases, valid for two days; PEM files.
class Certificates {
 public:
  static const Certificates& instance();

  /// An authority of our own.
  std::string authority() const { return path("ca.pem"); }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

 private:
  Certificates();
  void run(const std::string& script) const;

  TemporaryDirectory directory_;
};

/// A case with HTTPS servers, a proxy and a client that is made as the program makes its own. The
/// variables that a case sets are gone after it.
class NetworkTest : public testing::Test {
 protected:
  NetworkTest();
  ~NetworkTest() override;

  /// libcurl reads those of proxies by itself, so they are set for the process.
  void set(const std::string& name, const std::string& value);
  /// The URL of a server that shows `NAME.pem` with the key `NAME.key`.
  std::string start_https(const std::string& certificate);
  /// The URL of a proxy with these options of proxy.py.
  std::string start_proxy(const std::vector<std::string>& options = {});
  /// What the proxy was asked for, a line each.
  std::string proxied() const;

  Result<HttpResponse> get(const std::string& url);
  std::string error_of(const std::string& url);

  SystemClock clock_;
  std::map<std::string, std::string> environment_;
  std::string body_ = "hello";

 private:
  std::string start(const std::string& script, int port, const std::vector<std::string>& options);

  std::vector<std::unique_ptr<Server>> servers_;
  TemporaryDirectory directory_;
};

}  // namespace waybill
