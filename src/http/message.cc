#include "http/message.h"

#include <algorithm>

namespace waybill::http {
namespace {

auto find_header(const Request& request, std::string_view name) {
  return std::find_if(request.headers.begin(), request.headers.end(),
                      [&](const auto& header) { return header.first == name; });
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  const auto found = find_header(*this, name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

bool Request::has_header(std::string_view name) const {
  return find_header(*this, name) != headers.end();
}

}  // namespace waybill::http
