#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill::ipfs {

/// What the bytes of a block are (multicodec).
enum class Codec : std::uint64_t { raw = 0x55, dag_pb = 0x70 };

/// Names a block by the SHA-256 of its bytes. Equal contents have equal names, however they are
/// written: version 0 and 1, base58 and base32 compare as equal.
struct Cid {
  Codec codec = Codec::raw;
  std::string digest;  ///< 32 bytes

  bool operator==(const Cid&) const = default;
};

/// The name of a block of these bytes.
Cid cid_of(Codec codec, std::string_view block);

/// As version 1 in base32 (`bafy…`, `bafk…`), the form that Waybill writes.
std::string to_string(const Cid& cid);
/// The bytes of version 1: what links hold.
std::string to_bytes(const Cid& cid);

/// Reads `Qm…` (version 0) and version 1 in base32, base58btc (`z…`) or base16 (`f…`).
/// `invalid_argument` for anything else, for other codecs and for other digests than SHA-256.
Result<Cid> parse_cid(std::string_view text);

}  // namespace waybill::ipfs
