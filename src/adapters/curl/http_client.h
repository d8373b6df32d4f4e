#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/clock.h"
#include "ports/http_client.h"

namespace waybill {

struct CurlOptions {
  std::size_t body_bytes_max = 64u << 20;  ///< of an answer
  Duration connect_time_max = std::chrono::seconds(10);
  std::string certificates;   ///< PEM file of authorities; empty: the system's
  std::size_t idle_max = 64;  ///< sessions, each with its connections, kept for the next request
  std::string user_agent = "waybill";
};

/// Sends by libcurl in the caller's own thread: a session for each request in flight, kept with its
/// connections for the next (docs/adr/0012).
class CurlHttpClient final : public HttpClient {
 public:
  /// `clock` outlives the client. `resource_exhausted` when libcurl cannot start.
  static Result<std::unique_ptr<CurlHttpClient>> create(Clock& clock, CurlOptions options = {});
  /// For create().
  CurlHttpClient(Clock& clock, CurlOptions options);
  ~CurlHttpClient() override;

  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override;

 private:
  class Session;

  Result<std::unique_ptr<Session>> take();
  void give_back(std::unique_ptr<Session> session);

  Clock& clock_;
  const CurlOptions options_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_ GUARDED_BY(mutex_);
};

}  // namespace waybill
