#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill::oidc {

/// A signed token in its compact form (RFC 7515), taken apart. Nothing of it can be trusted before
/// KeySet::verify has said so.
struct Jws {
  std::string algorithm;
  std::string key_id;       ///< may be empty
  std::string claims;       ///< JSON
  std::string signed_text;  ///< what the signature is over
  std::string signature;
};
/// `unauthenticated` for what is none, and for one that asks for extensions (`crit`).
Result<Jws> parse_jws(std::string_view token);

/// The keys of an issuer (RFC 7517). Immutable, thread-safe; copies share the keys.
class KeySet {
 public:
  /// Keys of other kinds and uses are passed over. `unavailable` for what is no key set.
  static Result<KeySet> parse(std::string_view json);

  enum class Verdict : std::uint8_t {
    good,
    bad,      ///< of an algorithm that is not taken: none, and all with a shared secret
    unknown,  ///< no key here fits it; the issuer may have a new one, and need not name its keys
  };
  /// RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 (RFC 7518). RSA keys have at least 2048
  /// bits.
  Verdict verify(const Jws& token) const;

  struct Key;

 private:
  std::vector<std::shared_ptr<const Key>> keys_;
};

}  // namespace waybill::oidc
