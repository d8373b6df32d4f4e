#include "http/cookie.h"

namespace waybill::http {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view cookie(const Request& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trimmed(rest.substr(0, end));
      const std::size_t equals = pair.find('=');
      if (equals != pair.npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
      rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  return {};
}

std::string cookie_name(std::string_view name, CookieOver over) {
  return (over == CookieOver::tls ? "__Host-waybill-" : "waybill-") + std::string(name);
}

std::string set_cookie(std::string_view full_name, std::string_view value, Duration age,
                       CookieOver over) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  return std::string(full_name) + "=" + std::string(value) + "; Path=/; HttpOnly; SameSite=Lax" +
         "; Max-Age=" + std::to_string(seconds) + (over == CookieOver::tls ? "; Secure" : "");
}

}  // namespace waybill::http
