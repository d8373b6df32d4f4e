#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ed25519.h"
#include "base/result.h"

namespace waybill::provenance {

inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
/// Of an envelope that is read; one of a run with the most artifacts has less.
inline constexpr std::size_t kEnvelopeBytesMax = std::size_t{64} << 20;

/// The bytes that a signature of DSSE v1 is of (secure-systems-lab/dsse, protocol.md).
std::string signed_bytes(std::string_view payload_type, std::string_view payload);

/// A statement in an envelope of DSSE v1, as JSON: the same for the same statement and key.
std::string seal_statement(std::string_view statement, const SigningKey& key);

/// What was signed, once it is known who signed it.
struct Opened {
  std::string statement;
  PublicKey key;
};
/// Opens an envelope that one of `keys` signed; each signature counts for itself, and ids of keys
/// are hints. `invalid_argument`: it is no envelope of a statement; `permission_denied`: it is
/// signed, but with none of these keys; `data_loss`: it says one of these keys, and is not what
/// that signed.
Result<Opened> open_envelope(std::string_view envelope, std::span<const PublicKey> keys);

}  // namespace waybill::provenance
