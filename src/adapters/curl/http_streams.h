#pragma once

#include <memory>
#include <string>

#include "adapters/curl/http_client.h"
#include "ports/http_streams.h"

namespace waybill {

/// HttpStreams over libcurl, by HTTP/1.1. Each exchange has a connection of its own, so that
/// `may_connect` is asked for each. Of the params, `body_bytes_max` and `idle_max` do not count.
class CurlHttpStreams final : public HttpStreams {
 public:
  /// As CurlHttpClient::create.
  static Result<std::unique_ptr<CurlHttpStreams>> create(Clock& clock,
                                                         CurlHttpClientParams params = {});

  Result<HttpResponse> exchange(const HttpExchange& exchange, HttpDownload& download,
                                const Deadline& deadline) override;

 private:
  CurlHttpStreams(Clock& clock, CurlHttpClientParams params, TrustStore trust);

  Clock& clock_;
  const CurlHttpClientParams params_;
  const TrustStore trust_;
};

}  // namespace waybill
