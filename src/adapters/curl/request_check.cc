#include "adapters/curl/request_check.h"

#include <algorithm>

namespace waybill {
namespace {

bool ends_line(char c) { return c == '\r' || c == '\n'; }

bool is_name(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(),
                                       [](char c) { return ends_line(c) || c == ':' || c == ';'; });
}

bool is_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return ends_line(c) || c == '\0'; });
}

}  // namespace

std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const auto user = url.rfind('@');
  return std::string(user == std::string_view::npos ? url : url.substr(user + 1));
}

Status check_http_request(const HttpRequest& request, std::string_view host) {
  if (host.empty()) {
    return fail(Code::invalid_argument, "sending an HTTP request: its URL is not absolute");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_name(name) || !is_value(value)) {
      return fail(Code::invalid_argument,
                  "sending an HTTP request to " + std::string(host) + ": a header is malformed");
    }
  }
  return {};
}

}  // namespace waybill
