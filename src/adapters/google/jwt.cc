#include "adapters/google/jwt.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>

#include "base/base64.h"
#include "base/json.h"

namespace waybill::google {
namespace {

constexpr std::int64_t kLifetimeSeconds = 3600;  // the most that Google takes

template <auto release>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    release(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

/// Without this OpenSSL asks the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

Key read_key(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  ERR_clear_error();
  return key;
}

/// Empty: OpenSSL would not.
std::string sign_rs256(EVP_PKEY* key, std::string_view text) {
  const Digest digest(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  std::string signature;
  if (digest && EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) == 1) {
    signature.resize(size);
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    if (EVP_DigestSign(digest.get(), out, &size, bytes, text.size()) != 1) size = 0;
    signature.resize(size);
  }
  ERR_clear_error();
  return signature;
}

std::int64_t to_seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// The middle of the three parts of a token, decoded; null: there is none.
boost::json::value claims_of(std::string_view token) {
  const std::size_t begin = token.find('.') + 1;
  const std::size_t end = token.find('.', begin);
  if (begin == 0 || end == token.npos) return nullptr;
  std::string part(token.substr(begin, end - begin));
  std::replace(part.begin(), part.end(), '-', '+');
  std::replace(part.begin(), part.end(), '_', '/');
  part.append((4 - part.size() % 4) % 4, '=');
  const auto text = from_base64(part);
  if (!text) return nullptr;
  auto claims = json::parse(*text);
  return claims ? std::move(*claims) : nullptr;
}

}  // namespace

Result<std::string> signed_assertion(const ServiceAccountKey& key, std::string_view scopes,
                                     Time now) {
  const Key private_key = read_key(key.private_key);
  if (!private_key || EVP_PKEY_base_id(private_key.get()) != EVP_PKEY_RSA) {
    return fail(Code::unauthenticated, "the private_key of " + key.client_email +
                                           " is no RSA key in PEM without a passphrase");
  }
  boost::json::object head = {{"alg", "RS256"}, {"typ", "JWT"}};
  if (!key.private_key_id.empty()) head["kid"] = key.private_key_id;
  const boost::json::object claims = {{"iss", key.client_email},
                                      {"scope", scopes},
                                      {"aud", key.token_uri},
                                      {"iat", to_seconds(now)},
                                      {"exp", to_seconds(now) + kLifetimeSeconds}};
  const std::string text =
      to_base64url(json::serialize(head)) + '.' + to_base64url(json::serialize(claims));
  const std::string signature = sign_rs256(private_key.get(), text);
  if (signature.empty()) {
    return fail(Code::unauthenticated,
                "the private_key of " + key.client_email + " cannot sign: it is damaged");
  }
  return text + '.' + to_base64url(signature);
}

Result<Time> jwt_expires_at(std::string_view token) {
  const boost::json::value claims = claims_of(token);
  const boost::json::value* expires =
      claims.is_object() ? claims.as_object().if_contains("exp") : nullptr;
  if (expires == nullptr || !expires->is_int64()) {
    return fail(Code::unavailable, "what came is no identity token");
  }
  constexpr std::int64_t kSecondsMax = to_micros(kTimeMax) / 1'000'000;
  return Time(std::chrono::seconds(std::clamp<std::int64_t>(expires->as_int64(), 0, kSecondsMax)));
}

}  // namespace waybill::google
