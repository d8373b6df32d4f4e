#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill::aws {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What is to be signed: as it will be sent.
struct UnsignedRequest {
  std::string_view method;
  std::string_view url;  ///< absolute, percent-encoded
  Headers headers;       ///< all of them are signed; Host is taken from the URL
  std::string_view body;
};

struct SigningKey {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token;  ///< empty: none
};

/// Where and when a signature holds.
struct SigningScope {
  std::string_view region;
  std::string_view service;  ///< "s3" encodes paths once and sends the body's hash; others do not
  Time now{};
};

/// The headers that make the request one of this key: x-amz-date, x-amz-security-token,
/// x-amz-content-sha256 (S3) and authorization, to be added to those that were given.
/// `invalid_argument` for a URL without scheme and host, or with a broken percent sign.
/// Pure. Source: AWS, "Create a signed AWS API request" (Signature Version 4).
Result<Headers> sign(const UnsignedRequest& request, const SigningKey& key,
                     const SigningScope& scope);

}  // namespace waybill::aws
