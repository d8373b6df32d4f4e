#pragma once

#include <optional>
#include <string>

#include "adapters/oidc/jws.h"
#include "base/mutex.h"
#include "core/login.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/identity_provider.h"

namespace waybill::oidc {

/// What an issuer says of itself (OpenID Connect Discovery 1.0, 3).
struct Metadata {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string userinfo_endpoint;  ///< empty: none
  std::string jwks_uri;
  bool takes_basic = true;  ///< the client's secret in an Authorization header, else in the body
};
/// `unavailable` for a document that is not this issuer's, or names no safe addresses.
Result<Metadata> parse_metadata(std::string_view json, const std::string& issuer);

struct OidcProviderParams {
  /// How long what an issuer says of itself counts.
  Duration metadata_for = std::chrono::hours(1);
  Duration keys_for = std::chrono::hours(1);
  /// How often a signature that no key fits makes it ask for the keys again.
  Duration refetch_every = std::chrono::minutes(1);
};

/// The code flow with PKCE at any issuer of OpenID Connect (Core 1.0, 3.1). Thread-safe.
class OidcProvider final : public IdentityProvider {
 public:
  /// http and clock outlive it. `secret` empty: a public client.
  OidcProvider(HttpClient& http, Clock& clock, LoginProvider settings, std::string secret,
               const OidcProviderParams& params = {})
      : http_(http),
        clock_(clock),
        settings_(std::move(settings)),
        secret_(std::move(secret)),
        params_(params) {}

  Result<std::string> authorization_url(const AuthorizationRequest& request,
                                        const Deadline& deadline) override;
  Result<Authenticated> redeem(const AuthorizationCode& code, const Deadline& deadline) override;

 private:
  struct Tokens {
    std::string id_token;
    std::string access_token;
  };

  Result<Metadata> metadata(const Deadline& deadline) EXCLUDES(mutex_);
  Result<KeySet> keys(const Metadata& metadata, const Deadline& deadline) EXCLUDES(mutex_);
  Result<KeySet> fetch_keys(const Metadata& metadata, const Deadline& deadline) EXCLUDES(mutex_);
  Result<Tokens> exchange(const Metadata& metadata, const AuthorizationCode& code,
                          const Deadline& deadline);
  /// `unauthenticated` unless one of the issuer's keys has signed it.
  Status verify(const Jws& token, const Metadata& metadata, const Deadline& deadline);
  /// What the userinfo endpoint knows; nothing if that is not asked.
  Result<std::string> userinfo(const Metadata& metadata, const Tokens& tokens,
                               const Deadline& deadline);
  bool may_refetch() EXCLUDES(mutex_);

  HttpClient& http_;
  Clock& clock_;
  const LoginProvider settings_;
  const std::string secret_;
  const OidcProviderParams params_;

  Mutex mutex_;
  std::optional<Metadata> metadata_ GUARDED_BY(mutex_);
  SteadyTime metadata_until_ GUARDED_BY(mutex_){};
  std::optional<KeySet> keys_ GUARDED_BY(mutex_);
  SteadyTime keys_until_ GUARDED_BY(mutex_){};
  SteadyTime refetch_not_before_ GUARDED_BY(mutex_){};
};

}  // namespace waybill::oidc
