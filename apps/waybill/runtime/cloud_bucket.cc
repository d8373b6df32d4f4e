#include "apps/waybill/runtime/cloud_bucket.h"

#include "adapters/gcs/object_store.h"
#include "adapters/s3/object_store.h"
#include "apps/waybill/runtime/clouds.h"
#include "base/check.h"

namespace waybill::cli {

std::unique_ptr<ObjectStore> cloud_bucket(Clouds& clouds, const BucketUrl& url,
                                          const Variables& environment, Clock& clock,
                                          const CloudBucketTerms& terms) {
  WAYBILL_CHECK(url.scheme != BucketScheme::file, "a directory is in no cloud");
  if (url.scheme == BucketScheme::gs) {
    const bool emulator = !variable_in(environment, "STORAGE_EMULATOR_HOST").empty();
    return std::make_unique<GcsObjectStore>(
        GcsObjectStoreOptions{.bucket = url.name,
                              .writer = to_string(clouds.fresh_id()),
                              .endpoint = gcs_endpoint(environment),
                              .stop = terms.stop},
        GcsObjectStorePorts{clouds.http(), clouds.google_tokens(emulator), clock});
  }
  return std::make_unique<S3ObjectStore>(
      S3ObjectStoreOptions{.address = {.region = url.region, .bucket = url.name},
                           .endpoint = clouds.settings().endpoint("S3"),
                           .conditional_put = terms.conditional_put,
                           .stop = terms.stop},
      S3ObjectStorePorts{clouds.http(), clouds.credentials(terms.identity, url.region), clock});
}

}  // namespace waybill::cli
