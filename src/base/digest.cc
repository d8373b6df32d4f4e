#include "base/digest.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>

#include "base/check.h"

namespace waybill {
namespace {

constexpr std::size_t kSha256BlockBytes = 64;

/// One kind of digest, for one thread. OpenSSL 3 looks EVP_sha256() and the like up at each use and
/// makes a context for each digest, and both cost more than a short digest itself.
class Digester {
 public:
  explicit Digester(const char* name)
      : kind_(EVP_MD_fetch(nullptr, name, nullptr), &EVP_MD_free),
        context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    WAYBILL_CHECK(kind_ != nullptr && context_ != nullptr, "OpenSSL has this digest");
  }

  struct Bytes {
    std::array<char, EVP_MAX_MD_SIZE> bytes;
    unsigned int size = 0;

    std::string_view view() const { return {bytes.data(), size}; }
  };

  /// Of both, one after the other.
  Bytes digest(std::string_view first, std::string_view second = {}) {
    Bytes out;
    auto* const bytes = reinterpret_cast<unsigned char*>(out.bytes.data());
    EVP_MD_CTX* context = context_.get();
    const bool done = EVP_DigestInit_ex2(context, kind_.get(), nullptr) == 1 &&
                      EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
                      EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
                      EVP_DigestFinal_ex(context, bytes, &out.size) == 1;
    WAYBILL_CHECK(done, "OpenSSL makes this digest");
    return out;
  }

 private:
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> kind_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

Digester& sha256_digester() {
  thread_local Digester digester("SHA256");
  return digester;
}

/// A block of the key with each byte changed.
std::array<char, kSha256BlockBytes> padded(std::string_view key, char with) {
  std::array<char, kSha256BlockBytes> block;
  block.fill(with);
  for (std::size_t i = 0; i < key.size(); ++i) block[i] = static_cast<char>(key[i] ^ with);
  return block;
}

std::string_view view(const std::array<char, kSha256BlockBytes>& block) {
  return {block.data(), block.size()};
}

}  // namespace

std::string sha256(std::string_view bytes) {
  return std::string(sha256_digester().digest(bytes).view());
}

std::string sha1(std::string_view bytes) {
  thread_local Digester digester("SHA1");
  return std::string(digester.digest(bytes).view());
}

std::string md5(std::string_view bytes) {
  thread_local Digester digester("MD5");
  return std::string(digester.digest(bytes).view());
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  Digester& digester = sha256_digester();
  Digester::Bytes short_key;
  if (key.size() > kSha256BlockBytes) {
    short_key = digester.digest(key);
    key = short_key.view();
  }
  const Digester::Bytes inner = digester.digest(view(padded(key, 0x36)), bytes);
  return std::string(digester.digest(view(padded(key, 0x5c)), inner.view()).view());
}

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  const bool begun = EVP_DigestInit_ex(context_->context.get(), EVP_sha256(), nullptr) == 1;
  WAYBILL_CHECK(begun, "OpenSSL has SHA-256");
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  const bool added = EVP_DigestUpdate(context_->context.get(), bytes.data(), bytes.size()) == 1;
  WAYBILL_CHECK(added, "OpenSSL takes more bytes until the digest is finished");
}

std::string Sha256::finish() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const bool done = EVP_DigestFinal_ex(context_->context.get(), out, &size) == 1;
  WAYBILL_CHECK(done, "OpenSSL finishes a digest once");
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::optional<std::string> from_hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kDigits.find(text[i]);
    const std::size_t low = kDigits.find(text[i + 1]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(2 * bytes.size(), '\0');
  char* at = out.data();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *at++ = kDigits[byte >> 4];
    *at++ = kDigits[byte & 15];
  }
  return out;
}

}  // namespace waybill
