#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "core/person.h"

namespace waybill {

/// What a browser is sent to a provider with.
struct AuthorizationRequest {
  std::string redirect_uri;
  std::string state;
  std::string nonce;
  std::string code_challenge;  ///< S256 (RFC 7636)
};

/// What a browser came back with, and what it was sent with.
struct AuthorizationCode {
  std::string code;
  std::string issuer;  ///< as the answer names it (RFC 9207); empty: it does not
  std::string redirect_uri;
  std::string code_verifier;
  std::string nonce;
};

struct Authenticated {
  Identity identity;
  std::string access_token;  ///< secret; may be empty
};

/// Says who somebody is who logs in there. Thread-safe; blocks for the network. Errors:
/// `unavailable` (it does not answer, or not as it should), `unauthenticated` (it says no, or what
/// it says does not hold), `deadline_exceeded`.
class IdentityProvider {
 public:
  virtual ~IdentityProvider() = default;
  /// Where to send the browser.
  virtual Result<std::string> authorization_url(const AuthorizationRequest& request,
                                                const Deadline& deadline) = 0;
  virtual Result<Authenticated> redeem(const AuthorizationCode& code, const Deadline& deadline) = 0;
};

}  // namespace waybill
