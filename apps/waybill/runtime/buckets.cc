#include "apps/waybill/runtime/buckets.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "adapters/curl/http_client.h"
#include "adapters/file/file_url.h"
#include "adapters/file/object_store.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/runtime/cloud_bucket.h"
#include "apps/waybill/runtime/clouds.h"
#include "base/mutex.h"

namespace waybill::cli {
namespace {

class Buckets {
 public:
  Buckets(Clock& clock, std::stop_token stop) : clock_(clock), stop_(std::move(stop)) {}

  Result<std::shared_ptr<ObjectStore>> open(const std::string& url) {
    const Lock lock(mutex_);
    if (const auto found = open_.find(url); found != open_.end()) return found->second;
    auto bucket = url.starts_with("file:") ? directory(url) : in_cloud(url);
    if (!bucket) return fail(bucket.error());
    return open_.emplace(url, std::move(*bucket)).first->second;
  }

 private:
  Result<std::shared_ptr<ObjectStore>> directory(const std::string& url) {
    const auto path = parse_file_url(url);
    if (!path) return fail(path.error());
    return std::make_shared<FileObjectStore>(*path, FileObjectStoreOptions{.clock = &clock_});
  }

  Result<std::shared_ptr<ObjectStore>> in_cloud(const std::string& text) REQUIRES(mutex_) {
    const auto url = parse_bucket_url(text);
    if (!url) return fail(Code::invalid_argument, url.error().message);
    if (!clouds_) {
      auto http = CurlHttpClient::create(clock_, curl_params(environment_));
      if (!http) return fail(http.error());
      http_ = std::move(*http);
      clouds_ = std::make_unique<Clouds>(*http_, clock_, environment_, "waybill");
    }
    return cloud_bucket(*clouds_, *url, environment_, clock_, {.stop = stop_});
  }

  Clock& clock_;
  const std::stop_token stop_;
  const Variables environment_ = process_environment();
  Mutex mutex_;
  std::unique_ptr<HttpClient> http_ GUARDED_BY(mutex_);
  std::unique_ptr<Clouds> clouds_ GUARDED_BY(mutex_);  // made for the first bucket that is in one
  // Shared with the scans and pages that use a bucket.
  std::map<std::string, std::shared_ptr<ObjectStore>> open_ GUARDED_BY(mutex_);
};

}  // namespace

OpenBucket bucket_opener(Clock& clock, std::stop_token stop) {
  // Shared by the copies of the function.
  auto buckets = std::make_shared<Buckets>(clock, std::move(stop));
  return [buckets](const std::string& url) { return buckets->open(url); };
}

}  // namespace waybill::cli
