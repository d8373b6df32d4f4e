#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "core/config.h"
#include "core/prio/workflow_flags.h"

namespace waybill {
namespace bj = boost::json;
namespace {

constexpr std::string_view kIntroduction =
    "# Configuration\n\n"
    "Every setting can be given as a flag, in the environment, or in a file: `waybill.yaml` in "
    "the\n"
    "working directory, or the one that `--config FILE` or `WAYBILL_CONFIG` names. A flag goes "
    "before\n"
    "the environment, that before the file, and that before the default. Unknown keys and unknown\n"
    "`WAYBILL_` variables are errors. Paths in the file are relative to it. `waybill config show`\n"
    "prints every value with its origin, `waybill config check` finds what is wrong.\n\n"
    "Settings of `waybill workflow-manager` (docs/reference/workflow-manager.md) may stand in the "
    "same\n"
    "file and environment: they are its own, and it passes over these.\n\n"
    "This page is made from the table in `src/core/config_table.cc`; a test compares them.\n\n"
    "| key in the file | flag | variable | type | range | default |\n"
    "|---|---|---|---|---|---|\n";

std::string_view type_name(ConfigType type) {
  switch (type) {
    case ConfigType::path:
      return "path";
    case ConfigType::choice:
      return "choice";
    case ConfigType::names:
      return "names";
    case ConfigType::networks:
      return "networks";
    case ConfigType::git_sources:
      return "git sources";
    case ConfigType::integer:
      return "integer";
    case ConfigType::duration:
      return "duration";
    case ConfigType::address:
      return "address";
    case ConfigType::ledger_url:
    case ConfigType::mail_url:
      return "URL";
    case ConfigType::mail_address:
      return "mail address";
    case ConfigType::broker_url:
      return "broker";
    case ConfigType::name:
      return "name";
    case ConfigType::text:
      return "text";
    case ConfigType::size:
      return "size";
  }
  return "";
}

std::string code(std::string_view text) {
  if (text.empty()) return "";
  std::string result = "`";
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result + "`";
}

bj::object property(const ConfigEntry& entry) {
  bj::object object;
  object["description"] = bj::string_view(entry.help.data(), entry.help.size());
  if (entry.type == ConfigType::names || entry.type == ConfigType::networks ||
      entry.type == ConfigType::git_sources) {
    object["anyOf"] =
        bj::array{{{"type", "string"}}, {{"type", "array"}, {"items", {{"type", "string"}}}}};
  } else if (entry.type == ConfigType::integer) {
    object["type"] = "integer";
  } else {
    object["type"] = "string";
  }
  if (entry.type == ConfigType::duration || entry.type == ConfigType::size) {
    const std::string_view name = type_name(entry.type);
    object["format"] = bj::string_view(name.data(), name.size());
  }
  if (entry.type == ConfigType::choice) {
    bj::array choices;
    std::string_view rest = entry.range;
    while (!rest.empty()) {
      const std::string_view choice = rest.substr(0, rest.find('|'));
      choices.emplace_back(bj::string_view(choice.data(), choice.size()));
      rest.remove_prefix(std::min(rest.size(), choice.size() + 1));
    }
    object["enum"] = std::move(choices);
  }
  if (entry.type == ConfigType::integer) {
    object["default"] = json::parse(entry.fallback).value();
  } else {
    object["default"] = bj::string_view(entry.fallback.data(), entry.fallback.size());
  }
  return object;
}

/// How a key of workflow-manager's may be written, as a regular expression.
std::string workflow_key(std::string_view flag) {
  std::string pattern = "^";
  for (const char c : flag) pattern += c == '-' ? std::string("[-_]") : std::string(1, c);
  return pattern + '$';
}

bj::object workflow_property(const GoFlag& flag) {
  return {{"description", "Of waybill workflow-manager. " + std::string(flag.help)},
          {"type", {"string", "number", "boolean", "null"}}};
}

}  // namespace

std::string config_reference() {
  std::string page(kIntroduction);
  for (const ConfigEntry& entry : config_entries()) {
    page += "| " + code(entry.name) + " | " + code("--" + flag_of(entry)) + " | " +
            code(variable_of(entry)) + " | " + std::string(type_name(entry.type)) + " | " +
            code(entry.range) + " | " + code(entry.fallback) + " |\n";
  }
  page += '\n';
  for (const ConfigEntry& entry : config_entries()) {
    page += "- " + code(entry.name) + ": " + std::string(entry.help) + "\n";
  }
  return page;
}

std::string config_schema() {
  std::string text =
      "{\n"
      "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
      "  \"$id\": \"https://waybill.dev/schemas/config.schema.json\",\n"
      "  \"title\": \"Waybill configuration\",\n"
      "  \"type\": \"object\",\n"
      "  \"properties\": {";
  std::string_view separator = "\n";
  for (const ConfigEntry& entry : config_entries()) {
    text += std::string(separator) + "    \"" + std::string(entry.name) +
            "\": " + json::serialize(property(entry));
    separator = ",\n";
  }
  text += "\n  },\n  \"patternProperties\": {";
  separator = "\n";
  for (const GoFlag& flag : prio::workflow_flags()) {
    if (!prio::is_workflow_setting(flag.name)) continue;
    const std::string key = workflow_key(flag.name);
    text += std::string(separator) + "    " + json::serialize(bj::value(key)) + ": " +
            json::serialize(workflow_property(flag));
    separator = ",\n";
  }
  return text + "\n  },\n  \"additionalProperties\": false\n}\n";
}

}  // namespace waybill
