#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

inline constexpr std::size_t kSealKeyBytes = 32;
inline constexpr std::size_t kSealNonceBytes = 12;
/// What sealing adds to the length of a text.
inline constexpr std::size_t kSealOverheadBytes = 1 + kSealNonceBytes + 16;

/// What is to be sealed, and what its place is: a sealed text that is moved to another place (the
/// name of another secret, say) cannot be opened there.
struct SealParams {
  std::string_view key;    ///< kSealKeyBytes bytes
  std::string_view nonce;  ///< kSealNonceBytes random bytes, never used before under this key
  std::string_view place;
};

/// Makes a text unreadable and tamper-proof at rest: AES-256-GCM (NIST SP 800-38D). A byte for the
/// version, the nonce, the ciphertext, the tag.
std::string seal(std::string_view plain, const SealParams& params);

/// What seal was given. `data_loss`: it is damaged, was sealed under another key, or for another
/// place.
Result<std::string> unseal(std::string_view sealed, std::string_view key, std::string_view place);

}  // namespace waybill
