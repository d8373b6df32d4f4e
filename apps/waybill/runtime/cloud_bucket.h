#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "apps/waybill/environment.h"
#include "core/bucket_url.h"
#include "ports/clock.h"
#include "ports/object_store.h"

namespace waybill::cli {

class Clouds;

struct CloudBucketTerms {
  std::string identity{};  ///< of S3: the role to take on; empty: who one is anyway
  bool conditional_put = true;
  std::stop_token stop{};  ///< ends requests that wait
};

/// The bucket of an s3:// or gs:// URL, at the endpoint that the environment names for its cloud.
/// No request is made for that. `clouds` and `clock` outlive it.
std::unique_ptr<ObjectStore> cloud_bucket(Clouds& clouds, const BucketUrl& url,
                                          const Variables& environment, Clock& clock,
                                          const CloudBucketTerms& terms = {});

}  // namespace waybill::cli
