#include "adapters/redis/address.h"

#include <charconv>
#include <optional>
#include <utility>

#include "base/percent.h"
#include "core/url_password.h"

namespace waybill::redis {
namespace {

constexpr std::string_view kTcp = "redis://";
constexpr std::string_view kTls = "rediss://";
constexpr std::string_view kUnix = "unix://";
constexpr int kPortMax = 65535;
constexpr int kDatabaseMax = 1'000'000;

tl::unexpected<Error> refuse(std::string why) {
  return fail(Code::invalid_argument, "Redis' URL " + std::move(why));
}

std::optional<int> number(std::string_view text, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= 0 && value <= max ? std::optional(value) : std::nullopt;
}

/// Takes what stands before the last @ off `rest`.
Status take_login(std::string_view& rest, Address& address) {
  // What comes after a / is the socket's path, or the database.
  const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at == rest.npos) return {};
  const std::string_view login = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  const std::size_t colon = login.find(':');
  const auto user = from_percent(login.substr(0, colon));
  const auto password = colon == login.npos ? std::string() : from_percent(login.substr(colon + 1));
  if (!user || !password) {
    return refuse("has a % in its user or password that begins no %XX; write %25 for it");
  }
  address.user = *user;
  address.password = *password;
  if (!address.user.empty() && address.password.empty()) {
    return refuse("names a user without a password; expected user:password@ or :password@");
  }
  return {};
}

Status take_place(std::string_view place, Address& address) {
  std::string_view port;
  const bool bracketed = place.starts_with('[');
  const std::size_t end = bracketed ? place.find(']') : place.find(':');
  if (bracketed && end == place.npos) return refuse("has a [ without a ]");
  const std::size_t colon = bracketed ? end + 1 : end;
  address.host = bracketed ? place.substr(1, end - 1) : place.substr(0, end);
  if (colon < place.size()) {
    if (place[colon] != ':') return refuse("has something between ] and the port");
    port = place.substr(colon + 1);
    const auto given = number(port, kPortMax);
    if (!given || *given == 0) return refuse("has a port that is none: expected 1 to 65535");
    address.port = *given;
  }
  if (address.host.empty()) return refuse("names no host; expected redis://host:port");
  return {};
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
  if (url.starts_with(kTls)) {
    return refuse(
        "asks for TLS, which the Redis library of Debian 12 has not; let stunnel or the like "
        "carry it, and name that with redis:// or unix://");
  }
  const bool is_unix = url.starts_with(kUnix);
  if (!is_unix && !url.starts_with(kTcp)) {
    return refuse("is none; expected redis://[user][:password@]host[:port][/database]");
  }
  if (!is_unix && url_password_is_cut(url)) {
    return refuse("has a / before its @; in user and password write %2f for / and %40 for @");
  }
  Address address;
  std::string_view rest = url.substr(is_unix ? kUnix.size() : kTcp.size());
  if (Status taken = take_login(rest, address); !taken) return fail(taken.error());
  if (is_unix) {
    if (!rest.starts_with('/')) return refuse("names no socket; expected unix:///path/of/it");
    address.socket = rest;
    return address;
  }
  if (const std::size_t slash = rest.find('/'); slash != rest.npos) {
    const std::string_view database = rest.substr(slash + 1);
    const auto given = database.empty() ? std::optional(0) : number(database, kDatabaseMax);
    if (!given) return refuse("has a database that is no number after its host");
    address.database = *given;
    rest = rest.substr(0, slash);
  }
  if (Status taken = take_place(rest, address); !taken) return fail(taken.error());
  return address;
}

std::string place_of(const Address& address) {
  if (!address.socket.empty()) return address.socket;
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace waybill::redis
