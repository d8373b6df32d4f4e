#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/curl/request_target.h"
#include "adapters/curl/trust_store.h"
#include "base/mutex.h"
#include "core/ip_network.h"
#include "ports/clock.h"
#include "ports/http_client.h"

namespace waybill {

struct CurlHttpClientParams {
  std::size_t body_bytes_max = std::size_t{64} << 20;  ///< of an answer, after decompression
  Duration connect_timeout = std::chrono::seconds(10);
  std::size_t idle_max = 256;  ///< sets of connections, one a caller, that are kept between uses
  std::vector<std::string> ca_files;        ///< PEM; trusted besides the system's authorities
  std::vector<std::string> ca_directories;  ///< of such files, besides others
  /// For http://; empty: that of `http_proxy`, which libcurl reads. For https:// it reads
  /// `https_proxy` and `HTTPS_PROXY`, for both `all_proxy` and that in capitals.
  std::string http_proxy;
  HttpProxy proxy_of_http = HttpProxy::possible;  ///< `none`: requests for http:// get no proxy
  /// What is asked without a proxy, as goes_without_proxy() reads it; none: as libcurl reads
  /// `no_proxy`.
  std::optional<std::string> no_proxy;
  std::string user_agent = "waybill";
  /// Whether it may connect to an address for this URL, which is asked after names are resolved,
  /// for each connection; null: to any. With a proxy that is the proxy's address: it then decides
  /// where to go. Must not block.
  std::function<bool(std::string_view url, const IpAddress&)> may_connect{};
};

/// What the environment says: SSL_CERT_FILE and AWS_CA_BUNDLE name authorities, SSL_CERT_DIR
/// directories of them with colons in between; HTTP_PROXY counts as `http_proxy` does, but in a CGI
/// program, where a request could set it; `no_proxy`, or NO_PROXY.
CurlHttpClientParams curl_params(const std::map<std::string, std::string>& environment);

/// HttpClient over libcurl: HTTP/1.1, or 2 where TLS negotiates it. The caller's thread drives its
/// own transfers; no thread of its own.
class CurlHttpClient final : public HttpClient {
 public:
  /// `clock` must be real, for the network is.
  /// `unavailable` if libcurl cannot be set up, `invalid_argument` if a file of authorities
  /// cannot be read or holds none.
  static Result<std::unique_ptr<CurlHttpClient>> create(Clock& clock,
                                                        CurlHttpClientParams params = {});
  ~CurlHttpClient() override;

  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override;
  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests,
                                             const Deadline& deadline) override;

 private:
  class Line;
  CurlHttpClient(Clock& clock, CurlHttpClientParams params, TrustStore trust);
  std::unique_ptr<Line> take(const std::string& host);
  void give_back(std::unique_ptr<Line> line);

  Clock& clock_;
  const CurlHttpClientParams params_;
  const TrustStore trust_;  // of what `ca_files` and `ca_directories` hold
  Mutex mutex_;
  std::vector<std::unique_ptr<Line>> idle_ GUARDED_BY(mutex_);
};

}  // namespace waybill
