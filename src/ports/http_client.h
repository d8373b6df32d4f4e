#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"

namespace waybill {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// Whether a request may be sent again when it is not known if the first one was carried out.
enum class Repeat {
  safe,   ///< reads, puts under one name, whatever carries an id that the server knows it by
  never,  ///< sent at most once: `aborted` too where a kept connection has died unseen
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< absolute, percent-encoded; sent as it is, byte for byte
  HttpHeaders headers;
  std::string body;  ///< its Content-Length is sent also when it is empty, but for GET and HEAD
  Repeat repeat = Repeat::safe;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  ///< names in lower case, in the order in which they came
  std::string body;     ///< whole; compression is undone
};

/// The value of the first header of this lower-case name; empty if there is none.
std::string_view header(const HttpResponse& response, std::string_view name);

/// How long a request that was answered 429 or 5xx asks to be left alone (RFC 9110, 10.2.3); zero
/// if it does not say. `now` is what an HTTP-date is compared with.
Duration retry_after(const HttpResponse& response, Time now);

/// Sends one request and reads its answer. Any status is an answer, redirects too: they are not
/// followed. Connections are kept and shared; TLS certificates are verified; the proxies of the
/// environment are obeyed. Thread-safe; blocks. Errors: `unavailable` (not resolved, refused, cut
/// off before anything was sent), `aborted` (cut off later: the server may have carried it out),
/// `deadline_exceeded` (the same, by time), `cancelled` (stop was asked for),
/// `failed_precondition` (certificate refused), `permission_denied` (an address that must not be
/// connected to), `resource_exhausted` (answer over the limit), `invalid_argument` (no URL).
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) = 0;
  /// Several at once, to one host, each answered for itself, in their order. Here: one after the
  /// other.
  virtual std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests,
                                                     const Deadline& deadline);
};

}  // namespace waybill
