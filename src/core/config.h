#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "core/document.h"

namespace waybill {

/// What a process runs with. Each member has one row in the table of config.cc, which says what it
/// means, its default and its range.
struct Config {
  std::string data;
  std::string ledger;
  std::string definitions;
  std::vector<std::string> definitions_from;
  Duration definitions_every{};
  std::string git_credentials_file;
  std::string git_ssh_key_file;
  std::string git_known_hosts_file;
  std::string queue;
  std::string queue_prefix;
  std::string amqp_url_file;
  std::string artifact_store;
  std::string log_level;
  std::string log_format;
  std::vector<std::string> queues;
  std::string containers;
  std::string container_store;
  std::int64_t slots = 0;
  Duration lease{};
  Duration beat{};
  Duration poll{};
  Duration grace{};
  Duration tidy_every{};
  Duration audit_keep{};
  Duration run_keep{};
  std::string listen;
  std::string grpc_listen;
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::string secret_key_file;
  std::string provenance_key_file;
  std::string redis_url_file;
  std::string login;
  std::vector<std::string> webhook_networks;
  std::vector<std::string> fetch_networks;
  std::string ipfs_api;
  std::string mail_url;
  std::string mail_from;
  std::string mail_username;
  std::string mail_password_secret;
  std::string mail_password_file;
  std::string mail_tls;
  std::int64_t rate_limit = 0;
  std::int64_t cache = 0;
  std::int64_t log_bytes = 0;
};

enum class ConfigType : std::uint8_t {
  path,
  choice,
  names,
  networks,
  git_sources,
  integer,
  duration,
  size,
  address,
  ledger_url,
  mail_url,
  mail_address,
  broker_url,
  name,  ///< one as of is_name, or empty
  text
};

/// One setting. The flag is `--name` and the variable `WAYBILL_NAME`, with dashes and capitals.
struct ConfigEntry {
  std::string_view name;  ///< snake_case: the key in the file
  ConfigType type;
  std::string_view fallback;  ///< the default, as it would be written
  std::string_view range;     ///< `1..1000`, or the choices with bars: `json|human`; may be empty
  std::string_view help;      ///< one sentence
  std::variant<std::string Config::*, std::vector<std::string> Config::*, std::int64_t Config::*,
               Duration Config::*>
      member;
};
/// All of them, in the order in which they are shown.
std::span<const ConfigEntry> config_entries();

std::string flag_of(const ConfigEntry& entry);      ///< without the dashes: `log-level`
std::string variable_of(const ConfigEntry& entry);  ///< `WAYBILL_LOG_LEVEL`

enum class ConfigOrigin : std::uint8_t { fallback, file, environment, flag };
std::string_view to_string(ConfigOrigin origin);

/// A value as it was written, and by whom.
struct ConfigValue {
  std::string text;
  ConfigOrigin origin = ConfigOrigin::fallback;
  std::string source;  ///< `--data`, `WAYBILL_DATA`, `waybill.yaml:3:7`, or "default"
};

/// Where values come from; later ones give way to earlier ones, and defaults to all.
struct ConfigSources {
  std::map<std::string, std::string> flags;        ///< by name of the setting
  std::map<std::string, std::string> environment;  ///< by variable; others' variables are ignored
  const Document* file = nullptr;
};

struct ConfigLoad {
  Config config;
  std::map<std::string, ConfigValue> values;  ///< by name of the setting, all of them
  std::vector<Problem> problems;              ///< all of them; `file` is the source
};

/// Reads every setting from the first source that has it. Unknown keys of the file and unknown
/// `WAYBILL_` variables are problems, but for those of workflow-manager, and so is what is out of
/// range. Paths in the file are relative to it.
ConfigLoad load_config(const ConfigSources& sources);

/// docs/reference/configuration.md and schemas/config.schema.json, made from the table.
std::string config_reference();
std::string config_schema();

}  // namespace waybill
