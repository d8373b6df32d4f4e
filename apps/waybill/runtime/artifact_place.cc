#include "apps/waybill/runtime/artifact_place.h"

#include <string>
#include <utility>

#include "adapters/curl/http_client.h"
#include "adapters/file/artifact_store.h"
#include "adapters/file/file_url.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/runtime/cloud_bucket.h"
#include "apps/waybill/runtime/clouds.h"
#include "core/bucket_url.h"
#include "decorators/object_artifact_store.h"

namespace waybill::cli {
namespace {

/// Contents in a bucket, with all that speaks to its cloud.
class CloudArtifacts final : public ArtifactStore {
 public:
  CloudArtifacts(std::unique_ptr<HttpClient> http, const BucketUrl& url,
                 const Variables& environment, Clock& clock, std::string room)
      : http_(std::move(http)),
        clouds_(*http_, clock, environment, "waybill"),
        store_(cloud_bucket(clouds_, url, environment, clock), std::move(room)) {}

  std::int64_t bytes_max() const override { return store_.bytes_max(); }
  Result<ArtifactContent> put(const FileDescriptor& file) override { return store_.put(file); }
  Result<FileDescriptor> open(const std::string& sha256, IfBusy if_busy) override {
    return store_.open(sha256, if_busy);
  }
  Result<std::int64_t> size_bytes(const std::string& sha256, IfBusy if_busy) override {
    return store_.size_bytes(sha256, if_busy);
  }
  Status remove(const std::string& sha256, Time not_put_after) override {
    return store_.remove(sha256, not_put_after);
  }
  Result<KeptContents> kept(const std::string& cursor) override { return store_.kept(cursor); }
  Result<StoreOwner> owner() override { return store_.owner(); }
  Status set_owner(const std::string& text, SetOwner how) override {
    return store_.set_owner(text, how);
  }

 private:
  const std::unique_ptr<HttpClient> http_;
  Clouds clouds_;
  ObjectArtifactStore store_;
};

}  // namespace

Result<std::string> artifact_directory(const Config& config) {
  const std::string& place = config.artifact_store;
  if (place.empty()) return config.data + "/artifacts";
  if (place.find("://") == place.npos) return place;
  if (!place.starts_with("file:")) return std::string();
  auto directory = parse_file_url(place);
  if (!directory) return fail(with_context(directory.error(), "--artifact-store"));
  return std::move(*directory);
}

Result<std::unique_ptr<ArtifactStore>> open_artifact_store(const Config& config, Clock& clock) {
  const std::string& place = config.artifact_store;
  const auto directory = artifact_directory(config);
  if (!directory) return fail(directory.error());
  if (!directory->empty()) return std::make_unique<FileArtifactStore>(*directory, clock);
  const auto url = parse_bucket_url(place);
  if (!url) {
    return fail(Code::invalid_argument, "--artifact-store: " + url.error().message +
                                            "; give a directory, s3://REGION/NAME or gs://NAME");
  }
  const Variables environment = process_environment();
  auto http = CurlHttpClient::create(clock, curl_params(environment));
  if (!http) return fail(http.error());
  return std::make_unique<CloudArtifacts>(std::move(*http), *url, environment, clock, config.data);
}

}  // namespace waybill::cli
