#include "core/secret.h"

#include <boost/json.hpp>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "base/seal.h"
#include "core/task.h"

namespace waybill {
namespace {

/// A secret that a kind sends itself, by the field that names it.
constexpr std::string_view kKeySecret = "key_secret";

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
  if (value->get_object().contains(kKeySecret)) return true;
  const boost::json::value* secrets = value->get_object().if_contains("secrets");
  if (secrets == nullptr) return false;
  return !secrets->is_object() || !secrets->get_object().empty();
}

std::vector<std::string> secrets_named(std::string_view spec) {
  std::set<std::string> names;
  const auto value = json::parse(spec);
  if (!value || !value->is_object()) return {};
  const boost::json::object& object = value->get_object();
  if (const auto* key = object.if_contains(kKeySecret); key != nullptr && key->is_string()) {
    names.emplace(key->get_string());
  }
  const boost::json::value* secrets = object.if_contains("secrets");
  if (secrets != nullptr && secrets->is_object()) {
    for (const auto& member : secrets->get_object()) {
      if (member.value().is_string()) names.emplace(member.value().get_string());
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace waybill
