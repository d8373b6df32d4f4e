#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// A bucket and where it is: `s3://eu-west-1/drop`.
struct S3Address {
  std::string region;
  std::string bucket;

  bool operator==(const S3Address&) const = default;
};

/// `invalid_argument`, with an example, for anything but s3://REGION/BUCKET.
Result<S3Address> parse_s3_url(std::string_view url);
std::string to_s3_url(const S3Address& address);

/// The URL of the bucket, without a slash at its end. `endpoint` is that of AWS if it is empty. The
/// bucket is part of the path where the endpoint is another, or where its name has dots, which no
/// certificate of AWS covers; else it is part of the host.
std::string bucket_endpoint(const S3Address& address, std::string_view endpoint);

}  // namespace waybill
