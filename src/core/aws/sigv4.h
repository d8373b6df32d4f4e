#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill::aws {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// For requests without any.
inline const Headers kNoHeaders;

/// What is to be signed: as it will be sent. Of what outlives it.
struct UnsignedRequest {
  std::string_view method;
  std::string_view url;                 ///< absolute, percent-encoded
  const Headers& headers = kNoHeaders;  ///< all of them are signed; Host is taken from the URL
  std::string_view body;
};

struct SigningKey {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token;  ///< empty: none
};

/// Signs requests to one service in one region: "s3" encodes paths once and sends the body's hash,
/// others do not. Keeps the key that was derived for the day, which is most of a signature's cost.
/// Thread-safe. Source: AWS, "Create a signed AWS API request" (Signature Version 4).
class Signer {
 public:
  Signer(std::string region, std::string service);

  /// The headers that make the request one of this key: x-amz-date, x-amz-security-token,
  /// x-amz-content-sha256 (S3) and authorization, to be added to those that were given.
  /// `invalid_argument` for a URL without scheme and host, or with a broken percent sign.
  Result<Headers> sign(const UnsignedRequest& request, const SigningKey& key, Time time)
      EXCLUDES(mutex_);

 private:
  struct DerivedKey {
    std::string secret;
    std::string date;
    std::string key;
  };

  std::string key_of(std::string_view secret, std::string_view date) EXCLUDES(mutex_);

  const std::string region_;
  const std::string service_;
  Mutex mutex_;
  DerivedKey latest_ GUARDED_BY(mutex_);
};

}  // namespace waybill::aws
