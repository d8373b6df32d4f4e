#include "adapters/postgres/hosts.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

namespace waybill::postgres {
namespace {

using Options = std::map<std::string, std::string, std::less<>>;

/// Takes the options over which are not known yet, and frees them.
void take(PQconninfoOption* options, Options& known) {
  if (options == nullptr) return;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) known.emplace(option->keyword, option->val);
  }
  PQconninfoFree(options);
}

std::string_view value_of(const Options& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? std::string_view() : found->second;
}

/// None for an empty text; else one more than it has commas.
std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == list.npos) break;
    list.remove_prefix(comma + 1);
    if (list.empty()) parts.emplace_back();
  }
  return parts;
}

/// The part of one of several hosts; one part is for all of them.
std::string part_of(const std::vector<std::string>& parts, std::size_t host) {
  if (parts.empty()) return "";
  return parts.size() == 1 ? parts.front() : parts[host];
}

}  // namespace

Result<Hosts> hosts_of(const std::string& conninfo) {
  char* wrong = nullptr;
  PQconninfoOption* parsed = PQconninfoParse(conninfo.c_str(), &wrong);
  if (parsed == nullptr) {
    PQfreemem(wrong);  // it may repeat what was given, a password too
    return fail(Code::invalid_argument,
                "the ledger's address is neither a postgres:// URL nor key=value pairs as libpq "
                "knows them; write it like postgres://user@host:5432/database");
  }
  Options options;
  take(parsed, options);
  take(PQconndefaults(), options);
  Hosts hosts;
  int seconds = 0;
  const std::string_view timeout = value_of(options, "connect_timeout");
  std::from_chars(timeout.data(), timeout.data() + timeout.size(), seconds);
  if (seconds > 0) hosts.connect_time_max = std::chrono::seconds(seconds);
  const std::string_view session = value_of(options, "target_session_attrs");
  hosts.asks_for_any_session = session.empty() || session == "any";
  const auto names = parts_of(value_of(options, "host"));
  const auto addresses = parts_of(value_of(options, "hostaddr"));
  const auto ports = parts_of(value_of(options, "port"));
  const std::size_t count = std::max(names.size(), addresses.size());
  const auto fits = [count](const std::vector<std::string>& parts) {
    const bool whole = std::ranges::find(parts, "") == parts.end();
    return whole && (parts.size() <= 1 || parts.size() == count);
  };
  // Lists that do not fit each other libpq refuses with its own words; in those with gaps it finds
  // its own way.
  if (count < 2 || !fits(names) || !fits(addresses) || !fits(ports)) {
    hosts.all.emplace_back();
    return hosts;
  }
  for (std::size_t i = 0; i < count; ++i) {
    hosts.all.push_back(
        {.host = part_of(names, i), .hostaddr = part_of(addresses, i), .port = part_of(ports, i)});
  }
  return hosts;
}

}  // namespace waybill::postgres
