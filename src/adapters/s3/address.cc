#include "adapters/s3/address.h"

#include <algorithm>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::string_view kScheme = "s3://";

tl::unexpected<Error> refuse(std::string_view url, std::string_view why) {
  return fail(Code::invalid_argument, "'" + std::string(url) + "' " + std::string(why) +
                                          "; a bucket is written s3://eu-west-1/my-bucket");
}

bool is_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (is_letter(c) || is_digit(c)) || others.find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<S3Address> parse_s3_url(std::string_view url) {
  if (!url.starts_with(kScheme)) return refuse(url, "does not begin with s3://");
  const std::string_view rest = url.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return refuse(url, "names a region or a bucket, not both");
  std::string_view bucket = rest.substr(slash + 1);
  if (bucket.ends_with('/')) bucket.remove_suffix(1);
  S3Address address{.region = std::string(rest.substr(0, slash)), .bucket = std::string(bucket)};
  if (address.region.empty()) return refuse(url, "names no region");
  if (!is_of(address.region, "-")) return refuse(url, "has a region that is none");
  if (bucket.size() < 3 || bucket.size() > 63 || !is_of(bucket, "-._")) {
    return refuse(url, "has a bucket that is no 3 to 63 letters, digits, dots and dashes");
  }
  return address;
}

std::string to_s3_url(const S3Address& address) {
  return std::string(kScheme) + address.region + '/' + address.bucket;
}

std::string bucket_endpoint(const S3Address& address, std::string_view endpoint) {
  if (!endpoint.empty()) {
    while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
    return std::string(endpoint) + '/' + address.bucket;
  }
  const std::string_view country = address.region.starts_with("cn-") ? ".cn" : "";
  const std::string service = "s3." + address.region + ".amazonaws.com" + std::string(country);
  if (address.bucket.find_first_of("._") != std::string::npos) {
    return "https://" + service + '/' + address.bucket;
  }
  return "https://" + address.bucket + '.' + service;
}

}  // namespace waybill
