#include "http/header_rules.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace waybill::http {
namespace {

/// Those of which only the first would be looked at.
constexpr std::array<std::string_view, 6> kOnce = {
    "Host", "Authorization", "Content-Type", "Idempotency-Key", "Origin", "Range"};

std::size_t count_headers(const Request& request, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [&](const auto& header) { return header.first == name; }));
}

bool is_field_name(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || kMarks.find(c) != kMarks.npos;
  });
}

bool is_field_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

/// A request whose end two readers may see in two places: the way to smuggle another one in.
std::string length_doubt(const Request& request) {
  const std::size_t lengths = count_headers(request, "content-length");
  const std::size_t codings = count_headers(request, "transfer-encoding");
  if (lengths > 1) return "it has more than one Content-Length";
  if (codings > 1) return "it has more than one Transfer-Encoding";
  if (lengths + codings > 1) return "it has both Content-Length and Transfer-Encoding";
  if (codings == 1 && to_lower(request.header("transfer-encoding")) != "chunked") {
    return "its Transfer-Encoding is not \"chunked\"";
  }
  const std::string_view length = request.header("content-length");
  const bool digits = std::all_of(length.begin(), length.end(), is_digit);
  if (lengths == 1 && (length.empty() || !digits)) return "its Content-Length is no number";
  return "";
}

}  // namespace

std::string_view without_padding(std::string_view value) {
  const std::size_t first = value.find_first_not_of(" \t");
  if (first == value.npos) return {};
  return value.substr(first, value.find_last_not_of(" \t") - first + 1);
}

std::string header_fault(const Request& request, HostRule rule) {
  for (const auto& [name, value] : request.headers) {
    if (!is_field_name(name)) return "a header has a name that none may have";
    if (!is_field_value(value))
      return "the header " + name + " has a control character in its value";
  }
  for (const std::string_view name : kOnce) {
    if (count_headers(request, to_lower(name)) > 1) {
      return "the request has more than one " + std::string(name);
    }
  }
  if (rule == HostRule::needed && !request.has_header("host")) {
    return "the request has no Host header; only HTTP/1.0 may lack it";
  }
  if (std::string doubt = length_doubt(request); !doubt.empty()) {
    return "the length of the request is in doubt: " + doubt;
  }
  return "";
}

}  // namespace waybill::http
