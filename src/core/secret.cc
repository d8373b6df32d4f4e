#include "core/secret.h"

#include <boost/json.hpp>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "base/seal.h"
#include "core/task.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::string_view kSecrets = "secrets";

/// Ends the name of a field that names a secret which a kind sends itself: `key_secret`,
/// `token_secret`.
constexpr std::string_view kEndOfSecrets = "_secret";

/// Calls `take` with every member, at any depth, that names secrets: kinds are many, and what one
/// of them sends to a host that its spec says must not hang on where the field is. Variables of an
/// environment are no fields.
template <class Take>
void each_naming(const bj::value& value, bool is_top, const Take& take) {
  if (value.is_array()) {
    for (const bj::value& each : value.get_array()) each_naming(each, false, take);
  }
  if (!value.is_object()) return;
  for (const auto& member : value.get_object()) {
    const std::string_view field(member.key());
    if (is_top && field == "environment") continue;
    if (field == kSecrets || field.ends_with(kEndOfSecrets)) take(field, member.value());
    each_naming(member.value(), false, take);
  }
}

tl::unexpected<Error> refuse(const SecretRecord& record, std::string_view why) {
  return fail(Code::invalid_argument, "secret \"" + record.name + "\": " + std::string(why));
}

}  // namespace

Status check_secret(const SecretRecord& record) {
  if (!is_name(record.name)) return refuse(record, "its name " + std::string(kNameRule));
  const bool fits = record.sealed.size() > kSealOverheadBytes &&
                    record.sealed.size() <= kSealOverheadBytes + kSecretBytesMax;
  if (!fits) return refuse(record, "it is not sealed");
  if (record.key_id.size() != kSecretKeyIdDigits) {
    return refuse(record, "the id of its key must be 16 digits");
  }
  if (record.changed_at < record.created_at) {
    return refuse(record, "it must not change before it is made");
  }
  return {};
}

Status check_secret_value(std::string_view value) {
  if (value.empty()) return fail(Code::invalid_argument, "the value is empty");
  if (value.size() > kSecretBytesMax) {
    return fail(Code::invalid_argument,
                "the value has more than 64 KiB, which no variable of an environment can hold");
  }
  if (value.find('\0') != value.npos) {
    return fail(Code::invalid_argument,
                "the value holds a zero byte, which no variable of an environment can hold; "
                "encode it, in base64 for example");
  }
  return {};
}

std::string secret_key_id(std::string_view key) {
  return to_hex(hmac_sha256(key, "waybill secret key id")).substr(0, kSecretKeyIdDigits);
}

std::string secret_place(std::string_view name) { return "secret/" + std::string(name); }

bool names_secrets(std::string_view spec) {
  // What is no JSON object is refused elsewhere; here it must not pass for harmless.
  const auto value = json::parse(spec);
  if (!value || !value->is_object()) return true;
  bool names = false;
  each_naming(*value, true, [&](std::string_view field, const bj::value& said) {
    names |= field != kSecrets || !said.is_object() || !said.get_object().empty();
  });
  return names;
}

std::vector<std::string> secrets_named(std::string_view spec) {
  std::set<std::string> names;
  const auto value = json::parse(spec);
  if (!value || !value->is_object()) return {};
  each_naming(*value, true, [&](std::string_view field, const bj::value& said) {
    if (said.is_string() && field != kSecrets) names.emplace(said.get_string());
    if (!said.is_object() || field != kSecrets) return;
    for (const auto& member : said.get_object()) {
      if (member.value().is_string()) names.emplace(member.value().get_string());
    }
  });
  return {names.begin(), names.end()};
}

}  // namespace waybill
