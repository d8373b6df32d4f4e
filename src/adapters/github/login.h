#pragma once

#include <string>

#include "core/login.h"
#include "ports/http_client.h"
#include "ports/identity_provider.h"

namespace waybill::github {

/// The web application flow of GitHub's OAuth apps, with PKCE
/// (docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps). A person's subject
/// is the number of the account, which stays when the login changes. Thread-safe.
class GithubLogin final : public IdentityProvider {
 public:
  /// http outlives it.
  GithubLogin(HttpClient& http, LoginProvider settings, std::string secret)
      : http_(http), settings_(std::move(settings)), secret_(std::move(secret)) {}

  Result<std::string> authorization_url(const AuthorizationRequest& request,
                                        const Deadline& deadline) override;
  Result<Authenticated> redeem(const AuthorizationCode& code, const Deadline& deadline) override;

 private:
  Result<std::string> exchange(const AuthorizationCode& code, const Deadline& deadline);

  HttpClient& http_;
  const LoginProvider settings_;
  const std::string secret_;
};

/// The headers of a request to GitHub's API.
HttpHeaders api_headers(const std::string& token);

}  // namespace waybill::github
