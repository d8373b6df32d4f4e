#include "adapters/oidc/jws.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/json.h"

namespace waybill::oidc {
namespace {

namespace bj = boost::json;

template <auto release>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    release(pointer);
  }
};
using PublicKey = std::shared_ptr<EVP_PKEY>;  // shared by none: a type that a header may know
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

constexpr int kRsaBitsMin = 2048;
constexpr std::size_t kTokenBytesMax = 64 << 10;

enum class Scheme : std::uint8_t { rsa, rsa_pss, ec };
struct Algorithm {
  const char* name;
  Scheme scheme;
  const char* digest;
  const char* curve;         // of EC keys, as JWKs name it
  const char* group;         // and OpenSSL
  std::size_t number_bytes;  // of r and of s
};
constexpr std::array<Algorithm, 8> kAlgorithms = {{
    {"RS256", Scheme::rsa, "SHA256", "", "", 0},
    {"RS384", Scheme::rsa, "SHA384", "", "", 0},
    {"RS512", Scheme::rsa, "SHA512", "", "", 0},
    {"PS256", Scheme::rsa_pss, "SHA256", "", "", 0},
    {"PS384", Scheme::rsa_pss, "SHA384", "", "", 0},
    {"PS512", Scheme::rsa_pss, "SHA512", "", "", 0},
    {"ES256", Scheme::ec, "SHA256", "P-256", "prime256v1", 32},
    {"ES384", Scheme::ec, "SHA384", "P-384", "secp384r1", 48},
}};

const Algorithm* find_algorithm(std::string_view name) {
  const auto found = std::ranges::find(kAlgorithms, name, &Algorithm::name);
  return found == kAlgorithms.end() ? nullptr : &*found;
}

std::string text_in(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(bj::string_view(name.data(), name.size()));
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

PublicKey make_key(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool made = params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  PublicKey owner(key, EVP_PKEY_free);
  ERR_clear_error();
  return made ? std::move(owner) : nullptr;
}

PublicKey rsa_key(const bj::object& jwk) {
  const auto modulus = from_base64url(text_in(jwk, "n"));
  const auto exponent = from_base64url(text_in(jwk, "e"));
  if (!modulus || !exponent || exponent->empty()) return nullptr;
  const Number n = number_of(*modulus);
  const Number e = number_of(*exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder) return nullptr;
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  PublicKey key = make_key("RSA", builder.get());
  if (key && EVP_PKEY_get_bits(key.get()) < kRsaBitsMin) return nullptr;
  return key;
}

PublicKey ec_key(const bj::object& jwk) {
  const auto found = std::ranges::find(kAlgorithms, text_in(jwk, "crv"), &Algorithm::curve);
  const auto x = from_base64url(text_in(jwk, "x"));
  const auto y = from_base64url(text_in(jwk, "y"));
  if (found == kAlgorithms.end() || found->scheme != Scheme::ec || !x || !y) return nullptr;
  if (x->size() != found->number_bytes || y->size() != found->number_bytes) return nullptr;
  const std::string point = "\x04" + *x + *y;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, found->group, 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  return make_key("EC", builder.get());
}

/// JOSE writes r and s one after the other, OpenSSL reads DER; empty: it is no signature.
std::string to_der(std::string_view signature, std::size_t number_bytes) {
  if (signature.size() != 2 * number_bytes) return {};
  Number r = number_of(signature.substr(0, number_bytes));
  Number s = number_of(signature.substr(number_bytes));
  const EcSignature pair(ECDSA_SIG_new());
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();  // the pair's now
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

bool is_signed_by(EVP_PKEY* key, const Algorithm& algorithm, const Jws& token) {
  const std::string signature = algorithm.scheme == Scheme::ec
                                    ? to_der(token.signature, algorithm.number_bytes)
                                    : token.signature;
  const Digest digest(EVP_MD_CTX_new());
  EVP_PKEY_CTX* context = nullptr;  // the digest's
  bool good = digest && EVP_DigestVerifyInit_ex(digest.get(), &context, algorithm.digest, nullptr,
                                                nullptr, key, nullptr) == 1;
  if (good && algorithm.scheme == Scheme::rsa_pss) {
    good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  good = good && !signature.empty() &&
         EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(),
                          bytes_of(token.signed_text), token.signed_text.size()) == 1;
  ERR_clear_error();
  return good;
}

tl::unexpected<Error> no_token(std::string_view why) {
  return fail(Code::unauthenticated, "what came is no signed token: " + std::string(why));
}

}  // namespace

struct KeySet::Key {
  std::string id;
  std::string algorithm;  // empty: any of its type
  std::string curve;      // of EC
  PublicKey key;

  bool serves(const Algorithm& wanted) const {
    if (!algorithm.empty() && algorithm != wanted.name) return false;
    return (wanted.scheme == Scheme::ec) == !curve.empty() && curve == wanted.curve;
  }
};

Result<Jws> parse_jws(std::string_view token) {
  if (token.size() > kTokenBytesMax) return no_token("it is too large");
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) {
    return no_token("it has not three parts");
  }
  const auto header = from_base64url(token.substr(0, first));
  auto claims = from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!header || !claims || !signature) return no_token("a part of it is not in base64url");
  const auto parsed = json::parse(*header);
  if (!parsed || !parsed->is_object()) return no_token("its header is no JSON object");
  const bj::object& object = parsed->get_object();
  if (object.contains("crit")) return no_token("it asks for extensions");
  return Jws{.algorithm = text_in(object, "alg"),
             .key_id = text_in(object, "kid"),
             .claims = std::move(*claims),
             .signed_text = std::string(token.substr(0, second)),
             .signature = std::move(*signature)};
}

Result<KeySet> KeySet::parse(std::string_view text) {
  const auto parsed = json::parse(text);
  const bj::value* list =
      parsed && parsed->is_object() ? parsed->get_object().if_contains("keys") : nullptr;
  if (list == nullptr || !list->is_array()) {
    return fail(Code::unavailable, "what came is no set of keys");
  }
  KeySet set;
  for (const bj::value& entry : list->get_array()) {
    if (!entry.is_object()) continue;
    const bj::object& jwk = entry.get_object();
    const std::string use = text_in(jwk, "use");
    if (!use.empty() && use != "sig") continue;
    const std::string type = text_in(jwk, "kty");
    PublicKey key = type == "RSA" ? rsa_key(jwk) : type == "EC" ? ec_key(jwk) : nullptr;
    if (!key) continue;
    set.keys_.push_back(std::make_shared<Key>(Key{.id = text_in(jwk, "kid"),
                                                  .algorithm = text_in(jwk, "alg"),
                                                  .curve = text_in(jwk, "crv"),
                                                  .key = std::move(key)}));
  }
  return set;
}

KeySet::Verdict KeySet::verify(const Jws& token) const {
  const Algorithm* algorithm = find_algorithm(token.algorithm);
  if (algorithm == nullptr) return Verdict::bad;
  for (const auto& key : keys_) {
    if (!key->serves(*algorithm)) continue;
    const bool both_named = !token.key_id.empty() && !key->id.empty();
    if (both_named && token.key_id != key->id) continue;
    if (is_signed_by(key->key.get(), *algorithm, token)) return Verdict::good;
  }
  return Verdict::unknown;
}

}  // namespace waybill::oidc
