#include "apps/waybill/workflow_manager/backends.h"

#include <utility>

#include "adapters/curl/http_client.h"
#include "adapters/file/file_url.h"
#include "adapters/file/object_store.h"
#include "adapters/file/queue.h"

namespace waybill::cli {
namespace {

tl::unexpected<Error> not_built(const std::string& what) {
  return fail(Code::unimplemented, "this build has no " + what);
}

Result<std::string> path_of_topic(const std::string& topic) {
  return topic.starts_with("file:") ? parse_file_url(topic) : Result<std::string>(topic);
}

}  // namespace

Backends::Backends(Clock& clock, std::map<std::string, std::string> environment)
    : clock_(clock), environment_(std::move(environment)) {}
Backends::~Backends() = default;

Result<std::unique_ptr<ObjectStore>> Backends::bucket(const prio::WorkflowBucket& bucket) {
  switch (bucket.url.scheme) {
    case BucketScheme::file: {
      const auto directory = parse_file_url(bucket.url.text);
      if (!directory) return fail(directory.error());
      return std::make_unique<FileObjectStore>(*directory);
    }
    case BucketScheme::s3:
      return not_built("adapter for s3:// buckets");
    case BucketScheme::gs:
      return not_built("adapter for gs:// buckets");
  }
  return not_built("adapter for " + bucket.url.text);
}

Result<std::unique_ptr<Queue>> Backends::queue(const prio::WorkflowQueue& queue,
                                               const std::string& topic) {
  if (queue.kind == "file") {
    const auto path = path_of_topic(topic);
    if (!path) return fail(path.error());
    return std::make_unique<FileQueue>(*path);
  }
  return not_built("adapter for queues of the kind " + queue.kind);
}

Result<HttpClient*> Backends::http() {
  if (!http_) {
    auto client = CurlHttpClient::create(clock_);
    if (!client) return fail(client.error());
    http_ = std::move(*client);
  }
  return http_.get();
}

}  // namespace waybill::cli
