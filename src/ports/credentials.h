#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "base/time.h"
#include "core/aws/sigv4.h"

namespace waybill {

/// What signs a request to AWS. Never logged.
struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< empty for keys that last
  Time expires_at = kTimeMax;

  bool operator==(const AwsCredentials&) const = default;
};

/// Views of the credentials, which must outlive it.
inline aws::SigningKey signing_key(const AwsCredentials& credentials) {
  return {.access_key_id = credentials.access_key_id,
          .secret_access_key = credentials.secret_access_key,
          .session_token = credentials.session_token};
}

/// Where signers get their credentials: kept and renewed before they expire. Thread-safe; blocks
/// while they are fetched. Errors: `unauthenticated` (none are configured, with every place that
/// was looked at; or they were refused), `unavailable` (try again).
class AwsCredentialSource {
 public:
  virtual ~AwsCredentialSource() = default;
  virtual Result<AwsCredentials> credentials(const Deadline& deadline) = 0;
  /// For people, without a secret: "role arn:aws:iam::…" or "ambient credentials".
  virtual std::string identity() const = 0;
};

/// Where bearer tokens come from (OAuth 2.0 access tokens, or OpenID Connect identity tokens): kept
/// and renewed before they expire. Thread-safe; blocks. Errors as AwsCredentialSource.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// Empty: no token is to be sent (an emulator, a public bucket).
  virtual Result<std::string> token(const Deadline& deadline) = 0;
  virtual std::string identity() const = 0;
};

}  // namespace waybill
