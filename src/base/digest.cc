#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "base/check.h"

namespace waybill {
namespace {

using Kind = std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)>;

/// OpenSSL 3 looks EVP_sha256() and the like up at each use, which costs more than a short digest.
Kind fetch(const char* name) { return {EVP_MD_fetch(nullptr, name, nullptr), &EVP_MD_free}; }

std::string digest(const Kind& kind, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  WAYBILL_CHECK(kind != nullptr, "OpenSSL has this digest");
  const int done = EVP_Digest(bytes.data(), bytes.size(), out, &size, kind.get(), nullptr);
  WAYBILL_CHECK(done == 1, "OpenSSL makes this digest");
  return std::string(reinterpret_cast<const char*>(out), size);
}

}  // namespace

std::string sha256(std::string_view bytes) {
  static const Kind kSha256 = fetch("SHA256");
  return digest(kSha256, bytes);
}

std::string md5(std::string_view bytes) {
  static const Kind kMd5 = fetch("MD5");
  return digest(kMd5, bytes);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, bytes.size(), out, &size);
  WAYBILL_CHECK(done != nullptr, "OpenSSL has HMAC with SHA-256");
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace waybill
