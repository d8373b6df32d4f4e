#include "base/ed25519.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "base/check.h"
#include "base/digest.h"

namespace waybill {
namespace {

constexpr std::size_t kRawKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using BioPointer = std::unique_ptr<BIO, decltype(&BIO_free)>;
using SignContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* raw_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

KeyPointer open_private(std::string_view seed) {
  WAYBILL_CHECK(seed.size() == kSeedBytes, "a seed of 32 bytes makes a key");
  KeyPointer key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw_bytes(seed), seed.size()),
      &EVP_PKEY_free);
  WAYBILL_CHECK(key != nullptr, "OpenSSL has Ed25519");
  return key;
}

KeyPointer open_public(std::string_view raw) {
  WAYBILL_CHECK(raw.size() == kRawKeyBytes, "a public key has 32 bytes");
  KeyPointer key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw_bytes(raw), raw.size()),
                 &EVP_PKEY_free);
  WAYBILL_CHECK(key != nullptr, "OpenSSL has Ed25519");
  return key;
}

std::string text_of(const BioPointer& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

/// Nobody is asked for the password of a key.
int no_password(char*, int, int, void*) { return -1; }

enum class Half { secret, open };

/// The raw bytes of the key of one block; empty if it is none of Ed25519.
std::string raw_key(std::string_view block, Half half) {
  const BioPointer bio(BIO_new_mem_buf(block.data(), static_cast<int>(block.size())), &BIO_free);
  const KeyPointer key(half == Half::secret
                           ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr)
                           : PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr),
                       &EVP_PKEY_free);
  std::string raw(kRawKeyBytes, '\0');
  std::size_t size = raw.size();
  auto* const out = reinterpret_cast<unsigned char*>(raw.data());
  const bool is_ours =
      key != nullptr && EVP_PKEY_base_id(key.get()) == EVP_PKEY_ED25519 &&
      (half == Half::secret ? EVP_PKEY_get_raw_private_key(key.get(), out, &size)
                            : EVP_PKEY_get_raw_public_key(key.get(), out, &size)) == 1;
  ERR_clear_error();
  return is_ours ? raw : std::string();
}

/// The same of each block of a PEM text; none if any of them is another one.
std::vector<std::string> raw_keys(std::string_view pem, Half half) {
  std::vector<std::string> keys;
  for (;;) {
    const std::size_t begin = pem.find("-----BEGIN ");
    if (begin == pem.npos) return keys;
    const std::size_t end = pem.find("-----END ", begin);
    const std::size_t over = end == pem.npos ? pem.npos : pem.find('\n', end);
    std::string raw = raw_key(pem.substr(begin, over == pem.npos ? over : over + 1 - begin), half);
    if (raw.empty()) return {};
    keys.push_back(std::move(raw));
    if (over == pem.npos) return keys;
    pem.remove_prefix(over + 1);
  }
}

}  // namespace

std::string PublicKey::to_pem() const {
  const KeyPointer key = open_public(raw_);
  const BioPointer bio(BIO_new(BIO_s_mem()), &BIO_free);
  WAYBILL_CHECK(PEM_write_bio_PUBKEY(bio.get(), key.get()) == 1, "a public key is written");
  return text_of(bio);
}

std::string PublicKey::id() const {
  const KeyPointer key = open_public(raw_);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  WAYBILL_CHECK(size > 0, "a public key is written");
  const std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return to_hex(sha256(bytes));
}

bool PublicKey::verifies(std::string_view bytes, std::string_view signature) const {
  if (signature.size() != kSignatureBytes) return false;
  const KeyPointer key = open_public(raw_);
  const SignContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const bool fits =
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), raw_bytes(signature), signature.size(), raw_bytes(bytes),
                       bytes.size()) == 1;
  ERR_clear_error();
  return fits;
}

PublicKey SigningKey::public_key() const {
  const KeyPointer key = open_private(seed_);
  std::string raw(kRawKeyBytes, '\0');
  std::size_t size = raw.size();
  WAYBILL_CHECK(EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()),
                                            &size) == 1,
                "a key has a public half");
  return PublicKey(std::move(raw));
}

std::string SigningKey::sign(std::string_view bytes) const {
  const KeyPointer key = open_private(seed_);
  const SignContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  const bool done =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     raw_bytes(bytes), bytes.size()) == 1;
  WAYBILL_CHECK(done && size == kSignatureBytes, "a key of Ed25519 signs");
  return signature;
}

std::string SigningKey::to_pem() const {
  const KeyPointer key = open_private(seed_);
  const BioPointer bio(BIO_new(BIO_s_mem()), &BIO_free);
  WAYBILL_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                              nullptr) == 1,
                "a private key is written");
  return text_of(bio);
}

Result<std::vector<SigningKey>> read_signing_keys(std::string_view pem) {
  std::vector<SigningKey> keys;
  for (std::string& raw : raw_keys(pem, Half::secret)) keys.emplace_back(std::move(raw));
  if (!keys.empty()) return keys;
  return fail(Code::invalid_argument,
              "it has no private key of Ed25519 without a password, as `openssl genpkey -algorithm "
              "ed25519` makes one");
}

Result<std::vector<PublicKey>> read_public_keys(std::string_view pem) {
  if (pem.find("PRIVATE KEY-----") != pem.npos) {
    return fail(Code::invalid_argument,
                "it has a private key, which is for who signs alone: give its public half, as "
                "`waybill provenance key` prints it");
  }
  std::vector<PublicKey> keys;
  for (std::string& raw : raw_keys(pem, Half::open)) keys.emplace_back(std::move(raw));
  if (!keys.empty()) return keys;
  return fail(Code::invalid_argument,
              "it has no public key of Ed25519 in PEM, as `waybill provenance key` prints it");
}

}  // namespace waybill
