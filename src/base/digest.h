#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// SHA-256 (FIPS 180-4): 32 bytes.
std::string sha256(std::string_view bytes);
/// HMAC with SHA-256 (RFC 2104): 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
/// SHA-1 (FIPS 180-4), 20 bytes: what UUIDs of names are made of, never for trust.
std::string sha1(std::string_view bytes);
/// MD5 (RFC 1321), 16 bytes: against accidents on the way (Content-MD5), never for trust.
std::string md5(std::string_view bytes);

/// SHA-256 of bytes that come in pieces. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  /// Of all that was added: 32 bytes. To be called once, at the end.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);
/// The bytes again; none for what to_hex does not write.
std::optional<std::string> from_hex(std::string_view text);

}  // namespace waybill
