#include "adapters/oidc/id_token.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <optional>

#include "core/api_token.h"

namespace waybill::oidc {
namespace {

namespace bj = boost::json;

constexpr std::size_t kSubjectBytesMax = 255;

Status refuse(const std::string& why) {
  return fail(Code::unauthenticated, "the ID token cannot be believed: " + why);
}

const bj::string* text_at(const bj::object& claims, const char* name) {
  const bj::value* value = claims.if_contains(name);
  return value != nullptr && value->is_string() ? &value->get_string() : nullptr;
}

bool is_text(const bj::object& claims, const char* name, const std::string& wanted) {
  const bj::string* text = text_at(claims, name);
  return text != nullptr && std::string_view(text->data(), text->size()) == wanted;
}

/// Seconds since 1970, which may have a fraction (RFC 7519, 2).
std::optional<double> seconds_at(const bj::object& claims, const char* name) {
  const bj::value* value = claims.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double seconds = value->to_number<double>();
  if (!std::isfinite(seconds)) return std::nullopt;
  return seconds;
}

/// Whom it is for: we have to be among them, and if there are others, or it says for whom it was
/// made, that has to be us.
Status check_audience(const bj::object& claims, const std::string& client_id) {
  const bj::value* audience = claims.if_contains("aud");
  bool for_us = is_text(claims, "aud", client_id);
  bool for_others = false;
  if (audience != nullptr && audience->is_array()) {
    for (const bj::value& one : audience->get_array()) {
      const bool us = one.is_string() && one.get_string() == client_id;
      (us ? for_us : for_others) = true;
    }
  }
  if (!for_us) return refuse("it is for another client (aud)");
  const bool has_party = claims.contains("azp");
  if ((for_others || has_party) && !is_text(claims, "azp", client_id)) {
    return refuse("it was made for another client (azp)");
  }
  return {};
}

}  // namespace

Status check_id_token(const bj::object& claims, const IdTokenRules& rules) {
  if (!is_text(claims, "iss", rules.issuer)) return refuse("it is of another issuer (iss)");
  if (Status for_us = check_audience(claims, rules.client_id); !for_us) return for_us;
  const double now = static_cast<double>(to_micros(rules.now)) / 1e6;
  const double leeway = std::chrono::duration<double>(rules.leeway).count();
  const auto expires = seconds_at(claims, "exp");
  if (!expires || *expires <= now - leeway) return refuse("it has expired (exp)");
  const auto issued = seconds_at(claims, "iat");
  if (!issued || *issued > now + leeway) return refuse("it is of the future (iat)");
  const auto begins = seconds_at(claims, "nbf");
  if (begins && *begins > now + leeway) return refuse("it is not good yet (nbf)");
  const bj::string* nonce = text_at(claims, "nonce");
  if (nonce == nullptr || rules.nonce.empty() ||
      !equal_in_constant_time(std::string_view(nonce->data(), nonce->size()), rules.nonce)) {
    return refuse("it answers another login (nonce)");
  }
  const bj::string* subject = text_at(claims, "sub");
  if (subject == nullptr || subject->empty() || subject->size() > kSubjectBytesMax) {
    return refuse("it does not say who it is about (sub)");
  }
  return {};
}

}  // namespace waybill::oidc
