#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace waybill {

inline constexpr std::size_t kSeedBytes = 32;

/// The public half of a key of Ed25519 (RFC 8032).
class PublicKey {
 public:
  explicit PublicKey(std::string raw) : raw_(std::move(raw)) {}
  /// As `openssl pkey -pubout` writes it (RFC 8410).
  std::string to_pem() const;
  /// SHA-256 of its SubjectPublicKeyInfo in DER, in hexadecimal digits: says which key it is.
  std::string id() const;
  bool verifies(std::string_view bytes, std::string_view signature) const;

  bool operator==(const PublicKey&) const = default;

 private:
  std::string raw_;  // 32 bytes
};

/// A key of Ed25519 with its private half. The same bytes have the same signature.
class SigningKey {
 public:
  /// Of kSeedBytes bytes that nobody can guess.
  explicit SigningKey(std::string seed) : seed_(std::move(seed)) {}
  PublicKey public_key() const;
  /// 64 bytes.
  std::string sign(std::string_view bytes) const;
  /// As `openssl genpkey -algorithm ed25519` writes it.
  std::string to_pem() const;

 private:
  std::string seed_;
};

/// Every key of a PEM text, in order; at least one. `invalid_argument` says what is wrong with it,
/// and never repeats it.
Result<std::vector<SigningKey>> read_signing_keys(std::string_view pem);
/// Likewise. A text with a private key is refused: it is not for those who verify.
Result<std::vector<PublicKey>> read_public_keys(std::string_view pem);

}  // namespace waybill
