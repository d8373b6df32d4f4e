#include "apps/waybill/runtime/buckets.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "adapters/file/file_url.h"
#include "adapters/file/object_store.h"
#include "base/mutex.h"

namespace waybill::cli {
namespace {

class Buckets {
 public:
  explicit Buckets(Clock& clock) : clock_(clock) {}

  Result<std::shared_ptr<ObjectStore>> open(const std::string& url) {
    const Lock lock(mutex_);
    if (const auto found = open_.find(url); found != open_.end()) return found->second;
    if (!url.starts_with("file:")) {
      return fail(Code::invalid_argument,
                  "opening the bucket " + url + ": this program knows file: URLs and paths only");
    }
    const auto directory = parse_file_url(url);
    if (!directory) return fail(directory.error());
    auto bucket =
        std::make_shared<FileObjectStore>(*directory, FileObjectStoreOptions{.clock = &clock_});
    return open_.emplace(url, std::move(bucket)).first->second;
  }

 private:
  Clock& clock_;
  Mutex mutex_;
  // Shared with the scans and pages that use a bucket.
  std::map<std::string, std::shared_ptr<ObjectStore>> open_ GUARDED_BY(mutex_);
};

}  // namespace

OpenBucket bucket_opener(Clock& clock) {
  // Shared by the copies of the function.
  auto buckets = std::make_shared<Buckets>(clock);
  return [buckets](const std::string& url) { return buckets->open(url); };
}

}  // namespace waybill::cli
