#include "core/listen_address.h"

#include <charconv>

#include "base/ascii.h"

namespace waybill {
namespace {

/// Without the port.
std::string_view name_of(std::string_view host) {
  const std::size_t bracket = host.find(']');
  if (host.starts_with('[') && bracket != host.npos) return host.substr(0, bracket + 1);
  return host.substr(0, host.find(':'));
}

tl::unexpected<Error> no_address(std::string_view text) {
  return fail(Code::invalid_argument,
              "\"" + std::string(text) +
                  "\" is no address with a port, such as 127.0.0.1:8470 or [::1]:8470");
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const std::string_view host = name_of(text);
  const std::string_view rest = text.substr(host.size());
  if (host.empty() || !rest.starts_with(':')) return no_address(text);
  ListenAddress listen{.is_loopback = is_loopback_host(host)};
  const char* const end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data() + 1, end, listen.port);
  if (error != std::errc() || stop != end) return no_address(text);
  const bool bracketed = host.starts_with('[');
  listen.address = bracketed ? host.substr(1, host.size() - 2) : host;
  if (to_lower(host) == "localhost") listen.address = "127.0.0.1";
  const bool numeric =
      listen.address.find_first_not_of(bracketed ? "0123456789abcdefABCDEF:." : "0123456789.") ==
      listen.address.npos;
  if (!numeric || listen.address.empty()) return no_address(text);
  return listen;
}

bool is_loopback_host(std::string_view host) {
  const std::string name = to_lower(name_of(host));
  if (name == "localhost" || name == "[::1]") return true;
  const bool numeric = name.find_first_not_of("0123456789.") == name.npos;
  return numeric && name.starts_with("127.");
}

}  // namespace waybill
