#pragma once

#include "ports/http_client.h"

namespace waybill {

/// Plain HTTP/1.1 to a server of this machine, one connection a request: enough to hold an adapter
/// against a real server without the real client. Thread-safe.
class LoopbackHttp final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override;
};

}  // namespace waybill
