#pragma once

#include <memory>
#include <string>

#include "adapters/local/system_clock.h"
#include "adapters/s3/object_store.h"
#include "decorators/retrying_http_client.h"
#include "tests/queues/loopback_http.h"

namespace waybill {

/// Keys that do not change.
class FixedCredentials final : public AwsCredentialSource {
 public:
  explicit FixedCredentials(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
  Result<AwsCredentials> credentials(const Deadline&) override { return credentials_; }
  std::string identity() const override { return "fixed keys"; }

 private:
  const AwsCredentials credentials_;
};

/// Who speaks to which server.
struct BucketAccess {
  std::string endpoint;
  AwsCredentials keys;
};

/// What an S3ObjectStore on loopback needs. Tries again, as its users do: moto answers 500 to calls
/// that cross each other.
struct Bucket {
  Bucket(const BucketAccess& access, const std::string& name, std::size_t page_size = 1000);

  LoopbackHttp loopback;
  FixedCredentials credentials;
  SystemClock clock;
  RetryingHttpClient http{loopback, clock, Rng(1), {.backoff_first = std::chrono::milliseconds(1)}};
  std::unique_ptr<S3ObjectStore> store;
};

/// Makes a bucket with a name of its own; the name.
std::string make_bucket(const BucketAccess& access);

}  // namespace waybill
