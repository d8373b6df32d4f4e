#include "base/seal.h"

#include <openssl/evp.h>

#include <memory>

#include "base/check.h"

namespace waybill {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kTagBytes = 16;
static_assert(kSealOverheadBytes == 1 + kSealNonceBytes + kTagBytes);

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string seal(std::string_view plain, const SealParams& params) {
  WAYBILL_CHECK(params.key.size() == kSealKeyBytes, "a key of 32 bytes seals");
  WAYBILL_CHECK(params.nonce.size() == kSealNonceBytes, "a nonce of 12 bytes seals");
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::string out(kSealOverheadBytes + plain.size(), '\0');
  out[0] = kVersion;
  params.nonce.copy(out.data() + 1, kSealNonceBytes);
  unsigned char* const body = bytes_of(out) + 1 + kSealNonceBytes;
  int written = 0;
  int ended = 0;
  int aside = 0;
  const bool done =
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(params.key),
                         bytes_of(params.nonce)) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &aside, bytes_of(params.place),
                        static_cast<int>(params.place.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), body, &written, bytes_of(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), body + written, &ended) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, body + plain.size()) == 1;
  WAYBILL_CHECK(done && written + ended == static_cast<int>(plain.size()),
                "OpenSSL has AES-256-GCM");
  return out;
}

Result<std::string> unseal(std::string_view sealed, std::string_view key, std::string_view place) {
  WAYBILL_CHECK(key.size() == kSealKeyBytes, "a key of 32 bytes unseals");
  const auto damaged = [] {
    return fail(Code::data_loss,
                "it cannot be unsealed: it is damaged, or was sealed under another key");
  };
  if (sealed.size() < kSealOverheadBytes || sealed[0] != kVersion) return damaged();
  const std::string_view nonce = sealed.substr(1, kSealNonceBytes);
  const std::string_view body =
      sealed.substr(1 + kSealNonceBytes, sealed.size() - kSealOverheadBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::string plain(body.size(), '\0');
  int written = 0;
  int ended = 0;
  int aside = 0;
  const bool done =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key),
                         bytes_of(nonce)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &aside, bytes_of(place),
                        static_cast<int>(place.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), bytes_of(plain), &written, bytes_of(body),
                        static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes_of(plain) + written, &ended) == 1;
  if (!done) return damaged();
  return plain;
}

}  // namespace waybill
