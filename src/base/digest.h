#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// SHA-256 (FIPS 180-4): 32 bytes.
std::string sha256(std::string_view bytes);
/// HMAC with SHA-256 (RFC 2104): 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
/// MD5 (RFC 1321), 16 bytes: against accidents on the way (Content-MD5), never for trust.
std::string md5(std::string_view bytes);

/// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);

}  // namespace waybill
