#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace waybill::oidc {

/// What an ID token has to say to be believed.
struct IdTokenRules {
  std::string issuer;
  std::string client_id;
  std::string nonce;
  Time now{};
  /// How far the issuer's clock may be from ours.
  Duration leeway = std::chrono::minutes(1);
};

/// Holds the claims of a token whose signature is good to the rules (OpenID Connect Core 1.0,
/// 3.1.3.7). `unauthenticated` says which does not hold.
Status check_id_token(const boost::json::object& claims, const IdTokenRules& rules);

}  // namespace waybill::oidc
