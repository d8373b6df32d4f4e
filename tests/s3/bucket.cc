#include "tests/s3/bucket.h"

#include <gtest/gtest.h>

#include <atomic>

#include "core/aws/sigv4.h"

namespace waybill {

Bucket::Bucket(const BucketAccess& access, const std::string& name, std::size_t page_size)
    : credentials(access.keys),
      store(std::make_unique<S3ObjectStore>(
          S3ObjectStoreOptions{.address = {.region = "us-east-1", .bucket = name},
                               .endpoint = access.endpoint,
                               .page_size = page_size},
          S3ObjectStorePorts{.http = http, .credentials = credentials, .clock = clock})) {}

std::string make_bucket(const BucketAccess& access) {
  static std::atomic<int> count = 0;
  const std::string name = "bucket-" + std::to_string(++count);
  HttpRequest request{.method = "PUT", .url = access.endpoint + "/" + name};
  const SystemClock clock;
  const auto headers =
      aws::Signer("us-east-1", "s3")
          .sign({.method = request.method, .url = request.url, .headers = {}, .body = {}},
                signing_key(access.keys), clock.now());
  request.headers = *headers;
  LoopbackHttp http;
  const auto response = http.send(request, {.at = clock.steady_now() + std::chrono::seconds(30)});
  EXPECT_TRUE(response && response->status == 200)
      << (response ? response->body : response.error().message);
  return name;
}

}  // namespace waybill
