#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "base/rng.h"
#include "ports/clock.h"
#include "ports/http_client.h"

namespace waybill {

struct RemoteServerParams {
  std::string url;                                   ///< http://HOST:PORT, no slash at the end
  std::string token;                                 ///< sent as Bearer; empty: none
  Duration answer_within = std::chrono::seconds(8);  ///< of one call, repeats included
};

/// A Waybill server, spoken to by its HTTP API (docs/reference/api.md). Each POST has an
/// Idempotency-Key of its own, so that a client which repeats (RetryingHttpClient) is answered
/// once. Thread-safe; client and clock outlive it.
///
/// Errors name the URL. `unavailable`: not reached, or it cannot now; `failed_precondition`: it
/// refuses the token, or speaks another protocol, which waiting does not heal; `not_found` and
/// `aborted` as the API says them.
class RemoteServer {
 public:
  RemoteServer(HttpClient& http, Clock& clock, Rng rng, RemoteServerParams params);

  const std::string& url() const { return params_.url; }
  /// The answer's JSON; null where it has none. `body` is JSON text.
  Result<boost::json::value> post(const std::string& path, std::string body);
  Result<boost::json::value> get(const std::string& path);
  /// That the server said what this program does not understand: `failed_precondition`.
  tl::unexpected<Error> not_understood(const std::string& path, std::string_view why) const;

 private:
  Result<boost::json::value> send(HttpRequest request, const std::string& path);
  Error refusal(const HttpResponse& response, const std::string& path) const;
  std::string new_key() EXCLUDES(mutex_);

  HttpClient& http_;
  Clock& clock_;
  const RemoteServerParams params_;
  Mutex mutex_;
  Rng rng_ GUARDED_BY(mutex_);
};

}  // namespace waybill
