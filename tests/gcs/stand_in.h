#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/curl/http_client.h"
#include "adapters/gcs/object_store.h"
#include "adapters/local/system_clock.h"
#include "decorators/retrying_http_client.h"
#include "tests/queues/server.h"

namespace waybill {

/// A bearer token that does not change.
class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  Result<std::string> token(const Deadline&) override { return token_; }
  std::string identity() const override { return "fixed token"; }

 private:
  const std::string token_;
};

/// The token that the stand-in asks for.
inline constexpr const char* kStandInToken = "ya29.stand-in";

/// The stand-in for Cloud Storage, started with these options besides port and token.
class StandIn {
 public:
  explicit StandIn(const std::vector<std::string>& options = {});

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Makes a bucket with a name of its own; the name.
  std::string make_bucket() const;

 private:
  const int port_ = free_port();
  Server server_;
};

/// The one that folds what lies within the bounds, and the one that folds first. One of each for
/// all cases of the program.
StandIn& stand_in();
StandIn& stand_in_that_folds_first();

struct GcsBucketParams {
  std::string endpoint;
  std::string name;
  std::string token = kStandInToken;
  std::size_t page_size = 1000;
};

/// What a GcsObjectStore on loopback needs: the real client, which tries again soon and often.
struct GcsBucket {
  explicit GcsBucket(const GcsBucketParams& params);

  SystemClock clock;
  std::unique_ptr<CurlHttpClient> curl = CurlHttpClient::create(clock).value();
  RetryingHttpClient http{
      *curl,
      clock,
      Rng(1),
      {.attempts_max = 6, .backoff_first = std::chrono::milliseconds(1), .budget_max = 1'000'000}};
  FixedToken token;
  std::unique_ptr<GcsObjectStore> store;
};

}  // namespace waybill
