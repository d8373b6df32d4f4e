#include "core/config.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/json.h"
#include "core/broker_url.h"
#include "core/git_source.h"
#include "core/ip_network.h"
#include "core/listen_address.h"
#include "core/mail.h"
#include "core/prio/workflow_flags.h"
#include "core/size.h"
#include "core/suggest.h"
#include "core/task.h"

namespace waybill {
namespace bj = boost::json;
namespace {

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::invalid_argument, "\"" + std::string(text) + "\" is no whole number");
  }
  return value;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return parts;
}

/// Reads `text` and refuses what is outside of `range` ("low..high").
template <class Parse>
auto parse_within(const ConfigEntry& entry, std::string_view text, Parse parse)
    -> decltype(parse(text)) {
  auto value = parse(text);
  if (!value) return value;
  const std::size_t dots = entry.range.find("..");
  const auto low = parse(entry.range.substr(0, dots));
  const auto high = parse(entry.range.substr(dots + 2));
  if (*value < *low || *value > *high) {
    return fail(Code::invalid_argument,
                "\"" + std::string(text) + "\" is outside of " + std::string(entry.range));
  }
  return value;
}

/// The text is shown where settings are, so it must hold no secret.
Status check_ledger_url(std::string_view text) {
  const auto scheme = text.find("://");
  const std::string_view name = text.substr(0, scheme == text.npos ? 0 : scheme);
  if (name != "postgres" && name != "postgresql") {
    return fail(Code::invalid_argument, "must be a URL like postgres://user@host:5432/database");
  }
  const std::string_view rest = text.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const auto at = authority.rfind('@');
  const bool has_password =
      (at != authority.npos && authority.substr(0, at).find(':') != authority.npos) ||
      rest.find("password=") != rest.npos;
  if (!has_password) return {};
  return fail(Code::invalid_argument,
              "must not hold a password; set PGPASSWORD, or name a file with PGPASSFILE");
}

/// One line of text, or none.
Status check_line(std::string_view text) {
  const bool fits = text.size() <= kNameBytesMax && std::ranges::none_of(text, [](char c) {
                      return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
                    });
  if (fits) return {};
  return fail(Code::invalid_argument, "must be at most 200 bytes, without line breaks");
}

/// What is wrong with a setting that is a text and may be empty.
Status check_text(ConfigType type, std::string_view text) {
  if (text.empty()) return {};
  if (type == ConfigType::ledger_url) return check_ledger_url(text);
  if (type == ConfigType::mail_url) return check_mail_url(text);
  if (type == ConfigType::mail_address) return check_mail_address(text);
  if (type == ConfigType::name && !is_name(text)) {
    return fail(Code::invalid_argument, std::string(kNameRule));
  }
  return check_line(text);
}

Status assign_choice(const ConfigEntry& entry, const std::string& text, Config& config) {
  const auto choices = split(entry.range, '|');
  for (const std::string& choice : choices) {
    if (choice != text) continue;
    config.*std::get<std::string Config::*>(entry.member) = text;
    return {};
  }
  return fail(Code::invalid_argument, "\"" + text + "\" is none of " + std::string(entry.range) +
                                          did_you_mean(text, choices));
}

Status assign_names(const ConfigEntry& entry, const std::string& text, Config& config) {
  std::vector<std::string> names = split(text, ',');
  for (const std::string& name : names) {
    if (is_name(name)) continue;
    return fail(Code::invalid_argument, "\"" + name + "\" " + std::string(kNameRule));
  }
  config.*std::get<std::vector<std::string> Config::*>(entry.member) = std::move(names);
  return {};
}

Status assign_networks(const ConfigEntry& entry, const std::string& text, Config& config) {
  std::vector<std::string> networks = split(text, ',');
  for (const std::string& network : networks) {
    if (const auto parsed = parse_ip_network(network); !parsed) return fail(parsed.error());
  }
  config.*std::get<std::vector<std::string> Config::*>(entry.member) = std::move(networks);
  return {};
}

Status assign_git_sources(const ConfigEntry& entry, const std::string& text, Config& config) {
  std::vector<std::string> sources = split(text, ',');
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (const auto parsed = parse_git_source(sources[i]); !parsed) return fail(parsed.error());
    if (std::find(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(i), sources[i]) !=
        sources.begin() + static_cast<std::ptrdiff_t>(i)) {
      return fail(Code::invalid_argument, "\"" + sources[i] + "\" is there twice");
    }
  }
  config.*std::get<std::vector<std::string> Config::*>(entry.member) = std::move(sources);
  return {};
}

template <class Value>
Status assign_parsed(const ConfigEntry& entry, Result<Value> value, Config& config) {
  if (!value) return fail(value.error());
  config.*std::get<Value Config::*>(entry.member) = *value;
  return {};
}

Status assign(const ConfigEntry& entry, const std::string& text, Config& config) {
  switch (entry.type) {
    case ConfigType::path:
      if (text.empty() && !entry.fallback.empty()) {
        return fail(Code::invalid_argument, "must not be empty");
      }
      config.*std::get<std::string Config::*>(entry.member) = text;
      return {};
    case ConfigType::choice:
      return assign_choice(entry, text, config);
    case ConfigType::names:
      return assign_names(entry, text, config);
    case ConfigType::networks:
      return assign_networks(entry, text, config);
    case ConfigType::git_sources:
      return assign_git_sources(entry, text, config);
    case ConfigType::integer:
      return assign_parsed(entry, parse_within(entry, text, parse_integer), config);
    case ConfigType::duration:
      return assign_parsed(entry, parse_within(entry, text, parse_duration), config);
    case ConfigType::address:
      // Empty: it does not listen, if that is what it does when nothing is said.
      if (!text.empty() || !entry.fallback.empty()) {
        if (const auto address = parse_listen_address(text); !address) return fail(address.error());
      }
      config.*std::get<std::string Config::*>(entry.member) = text;
      return {};
    case ConfigType::ledger_url:
    case ConfigType::mail_url:
    case ConfigType::mail_address:
    case ConfigType::name:
    case ConfigType::text:
      if (text.empty() && !entry.fallback.empty()) {
        return fail(Code::invalid_argument, "must not be empty");
      }
      if (Status fits = check_text(entry.type, text); !fits) return fits;
      config.*std::get<std::string Config::*>(entry.member) = text;
      return {};
    case ConfigType::broker_url:
      if (const auto broker = parse_broker_url(text); !broker) return fail(broker.error());
      config.*std::get<std::string Config::*>(entry.member) = text;
      return {};
    case ConfigType::size:
      return assign_parsed(entry, parse_within(entry, text, parse_size), config);
  }
  return fail(Code::internal, "a setting of no known type");
}

const ConfigEntry* find_entry(std::string_view name) {
  for (const ConfigEntry& entry : config_entries()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::vector<std::string> names(std::string (*name)(const ConfigEntry&)) {
  std::vector<std::string> result;
  for (const ConfigEntry& entry : config_entries()) result.push_back(name(entry));
  return result;
}

std::string key_of(const ConfigEntry& entry) { return std::string(entry.name); }

/// The value as text; none for a map or an empty value.
std::optional<std::string> text_of(const bj::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_number() || value.is_bool()) return json::serialize(value);
  if (!value.is_array()) return std::nullopt;
  std::string text;
  for (const bj::value& element : value.get_array()) {
    const auto part = text_of(element);
    if (!part) return std::nullopt;
    text += (text.empty() ? "" : ",") + *part;
  }
  return text;
}

class ConfigLoader {
 public:
  explicit ConfigLoader(const ConfigSources& sources) : sources_(sources) {}

  ConfigLoad load() {
    for (const ConfigEntry& entry : config_entries()) {
      set(entry, {.text = std::string(entry.fallback), .source = "default"});
    }
    if (sources_.file != nullptr) read_file(*sources_.file);
    read_environment();
    for (const auto& [name, text] : sources_.flags) {
      const ConfigEntry* entry = find_entry(name);
      if (entry == nullptr) continue;
      set(*entry, {text, ConfigOrigin::flag, "--" + flag_of(*entry)});
    }
    for (const ConfigEntry& entry : config_entries()) {
      const ConfigValue& value = load_.values[key_of(entry)];
      const Status status = assign(entry, value.text, load_.config);
      if (!status) add(value.source, {}, about(entry, value) + status.error().message);
    }
    check_together();
    return std::move(load_);
  }

 private:
  void set(const ConfigEntry& entry, ConfigValue value) {
    load_.values.insert_or_assign(key_of(entry), std::move(value));
  }

  /// A flag and a variable name the setting themselves.
  static std::string about(const ConfigEntry& entry, const ConfigValue& value) {
    const bool named =
        value.origin == ConfigOrigin::flag || value.origin == ConfigOrigin::environment;
    return named ? "" : key_of(entry) + ": ";
  }

  void add(std::string source, Position at, std::string message) {
    load_.problems.push_back({.file = std::move(source), .at = at, .message = std::move(message)});
  }

  void read_file(const Document& file) {
    const auto value = json::parse(file.json);
    if (!value || (!value->is_object() && !value->is_null())) {
      return add(file.file, file.value_at(""), "has to be a map of settings");
    }
    if (value->is_null()) return;
    for (const auto& member : value->get_object()) {
      const std::string name(member.key());
      const std::string pointer = child_pointer("", name);
      const ConfigEntry* entry = find_entry(name);
      if (entry == nullptr && prio::is_workflow_setting(name)) continue;
      if (entry == nullptr) {
        add(file.file, file.key_at(pointer),
            "unknown setting \"" + name + "\"" + did_you_mean(name, names(key_of)));
        continue;
      }
      auto text = text_of(member.value());
      if (!text) {
        add(file.file, file.value_at(pointer), name + " has to be a single value or a list");
        continue;
      }
      const bool is_url = text->find("://") != std::string::npos;
      if (entry->type == ConfigType::path && !text->empty() && !is_url) {
        text = (std::filesystem::path(file.directory) / *text).lexically_normal().string();
      }
      const Position at = file.value_at(pointer);
      set(*entry, {*text, ConfigOrigin::file,
                   file.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column)});
    }
  }

  void read_environment() {
    for (const auto& [variable, text] : sources_.environment) {
      // No settings: tasks of ours get them, or they are secrets, which are no setting's value.
      if (!variable.starts_with("WAYBILL_") || is_for_tasks(variable)) continue;
      const ConfigEntry* entry = nullptr;
      for (const ConfigEntry& candidate : config_entries()) {
        if (variable_of(candidate) == variable) entry = &candidate;
      }
      if (entry == nullptr && prio::is_workflow_variable(variable)) continue;
      if (entry == nullptr) {
        add(variable, {}, "unknown setting" + did_you_mean(variable, names(variable_of)));
      } else {
        set(*entry, {text, ConfigOrigin::environment, variable});
      }
    }
  }

  static bool is_for_tasks(std::string_view variable) {
    for (const std::string_view known :
         {"WAYBILL_PARAMS", "WAYBILL_REPORT_FD", "WAYBILL_TASK_ID", "WAYBILL_ATTEMPT",
          "WAYBILL_ARTIFACTS", "WAYBILL_PARAMS_FILE", "WAYBILL_CHECKPOINT",
          "WAYBILL_CHECKPOINT_FILE", "WAYBILL_SCRATCH", "WAYBILL_CONFIG", "WAYBILL_MESSAGE_ID",
          "WAYBILL_AMQP_URL", "WAYBILL_TOKEN", "WAYBILL_SECRET_KEY", "WAYBILL_REDIS_URL"}) {
      if (variable == known) return true;
    }
    return false;
  }

  /// A setting that does not go with the others.
  void refuse(const std::string& name, std::string_view why) {
    const ConfigValue& value = load_.values[name];
    add(value.source, {}, about(*find_entry(name), value) + std::string(why));
  }

  void check_mail() {
    const Config& config = load_.config;
    const bool by_secret = !config.mail_password_secret.empty();
    const bool by_file = !config.mail_password_file.empty();
    if (config.mail_url.empty() != config.mail_from.empty()) {
      refuse(config.mail_url.empty() ? "mail_from" : "mail_url",
             "mail_url and mail_from belong together: give both");
    }
    if (by_secret && by_file) {
      refuse("mail_password_file", "give this or mail_password_secret, not both");
    }
    if (config.mail_username.empty() == (by_secret || by_file)) {
      refuse(config.mail_username.empty()
                 ? (by_file ? "mail_password_file" : "mail_password_secret")
                 : "mail_username",
             "mail_username needs mail_password_secret or mail_password_file, and the other way "
             "round");
    }
    if (config.mail_tls == "none" && !config.mail_username.empty()) {
      refuse("mail_tls", "a password is never sent without encryption; leave out mail_username");
    }
    if (config.mail_tls == "none" && config.mail_url.starts_with("smtps:")) {
      refuse("mail_tls", "smtps:// is encrypted; write smtp://, or leave out mail_tls");
    }
  }

  void check_together() {
    if (load_.problems.empty()) check_mail();
    const Config& config = load_.config;
    if (!load_.problems.empty() || config.lease > 2 * config.beat) return;
    const ConfigValue& lease = load_.values["lease"];
    const ConfigEntry& entry = *find_entry("lease");
    add(lease.source, {},
        about(entry, lease) + lease.text + " has to be more than two beats of " +
            load_.values["beat"].text);
  }

  const ConfigSources& sources_;
  ConfigLoad load_;
};

}  // namespace

std::string_view to_string(ConfigOrigin origin) {
  switch (origin) {
    case ConfigOrigin::fallback:
      return "default";
    case ConfigOrigin::file:
      return "file";
    case ConfigOrigin::environment:
      return "environment";
    case ConfigOrigin::flag:
      return "flag";
  }
  return "unknown";
}

ConfigLoad load_config(const ConfigSources& sources) { return ConfigLoader(sources).load(); }

}  // namespace waybill
