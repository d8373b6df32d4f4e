#pragma once

#include <boost/json/fwd.hpp>
#include <stop_token>
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

/// Whether a call may well go through later.
inline bool is_outage(Code code) {
  return code == Code::unavailable || code == Code::resource_exhausted ||
         code == Code::deadline_exceeded || code == Code::cancelled;
}

/// How one call is waited for.
struct RemotePatience {
  Duration more{};  ///< beyond RemoteServerParams::answer_within: the server takes its time
  std::stop_token stop{};
};

/// A Waybill server, spoken to by its HTTP API (docs/reference/api.md). Each POST has an
/// Idempotency-Key of its own, so that a client which repeats (RetryingHttpClient) is answered
/// once. Thread-safe; client and clock outlive it.
///
/// Errors name the URL. `unavailable`: not reached, or it cannot now; `failed_precondition`: it
/// refuses the token, or speaks another protocol, which waiting does not heal; `not_found` and
/// `aborted` as the API says them; `out_of_range`: it takes nothing so large; `cancelled` by the
/// stop token.
class RemoteServer {
 public:
  RemoteServer(HttpClient& http, Clock& clock, Rng rng, RemoteServerParams params);

  const std::string& url() const { return params_.url; }
  /// The answer's JSON; null where it has none. `body` is JSON text.
  Result<boost::json::value> post(const std::string& path, std::string body,
                                  const RemotePatience& patience = {});
  /// The same under a key from new_key(), for who repeats it himself later.
  Result<boost::json::value> post_as(const std::string& key, const std::string& path,
                                     std::string body, const RemotePatience& patience = {});
  /// Puts JSON, or bytes, under a name: safe to repeat. The answer's JSON.
  Result<boost::json::value> put(const std::string& path, std::string body,
                                 const RemotePatience& patience = {});
  Result<boost::json::value> put_bytes(const std::string& path, std::string body,
                                       const RemotePatience& patience = {});
  struct Piece {
    std::string bytes;
    std::int64_t size_bytes = 0;  ///< of the whole
  };
  /// At most `limit` bytes of what is at a path, from `offset` on, which is not beyond its end.
  Result<Piece> get_bytes(const std::string& path, std::int64_t offset, std::int64_t limit,
                          const RemotePatience& patience = {});
  std::string new_key() EXCLUDES(mutex_);
  Result<boost::json::value> get(const std::string& path);
  /// That the server said what this program does not understand: `failed_precondition`.
  tl::unexpected<Error> not_understood(const std::string& path, std::string_view why) const;

 private:
  Result<boost::json::value> send(HttpRequest request, const std::string& path,
                                  const RemotePatience& patience);
  Result<HttpResponse> answer(HttpRequest request, const std::string& path,
                              const RemotePatience& patience);
  Error refusal(const HttpResponse& response, const std::string& path) const;

  HttpClient& http_;
  Clock& clock_;
  const RemoteServerParams params_;
  Mutex mutex_;
  Rng rng_ GUARDED_BY(mutex_);
};

}  // namespace waybill
