#include "apps/waybill/cli/help.h"

#include <algorithm>

#include "core/config.h"

namespace waybill::cli {
namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string label(const Option& option) {
  std::string text = option.letter == '\0' ? "" : std::string("-") + option.letter + ", ";
  text += "--" + std::string(option.name);
  if (!option.value.empty()) text += " " + std::string(option.value);
  return text;
}

void append_options(std::string& text, const std::vector<Option>& options) {
  std::size_t width = 0;
  for (const Option& option : options) width = std::max(width, label(option).size());
  for (const Option& option : options) {
    text += "  " + padded(label(option), width) + "  " + std::string(option.help);
    if (option.times == Option::Times::many) text += " (can be repeated)";
    text += '\n';
  }
}

std::string usage(const Command& command) {
  std::string text = "waybill " + std::string(command.path);
  if (!command.options.empty()) text += " [options]";
  for (const Positional& positional : command.positionals) {
    const std::string name(positional.name);
    switch (positional.times) {
      case Positional::Times::one:
        text += " " + name;
        break;
      case Positional::Times::optional:
        text += " [" + name + "]";
        break;
      case Positional::Times::many:
        text += " " + name + "...";
        break;
      case Positional::Times::any:
        text += " [" + std::string(positional.name) + "...]";
        break;
    }
  }
  if (!command.rest.empty()) text += " [-- " + std::string(command.rest) + "]";
  return text;
}

bool is_for_all(const ConfigEntry& entry) {
  return entry.name == "data" || entry.name == "definitions";
}

std::vector<Option> settings_for_all() {
  std::vector<Option> options;
  for (const ConfigEntry& entry : config_entries()) {
    if (is_for_all(entry)) {
      options.push_back({.name = entry.name, .value = "DIR", .help = entry.help});
    }
  }
  return options;
}

std::string_view placeholder(ConfigType type) {
  switch (type) {
    case ConfigType::path:
      return "PATH";
    case ConfigType::choice:
      return "WORD";
    case ConfigType::names:
      return "NAMES";
    case ConfigType::networks:
      return "NETWORKS";
    case ConfigType::git_sources:
      return "SOURCES";
    case ConfigType::integer:
      return "N";
    case ConfigType::duration:
      return "DURATION";
    case ConfigType::address:
      return "ADDRESS:PORT";
    case ConfigType::ledger_url:
    case ConfigType::mail_url:
      return "URL";
    case ConfigType::mail_address:
      return "NAME@HOST";
    case ConfigType::broker_url:
      return "BROKER";
    case ConfigType::name:
    case ConfigType::text:
      return "NAME";
    case ConfigType::size:
      return "SIZE";
  }
  return "VALUE";
}

/// The other settings, each with its range and default.
void append_settings(std::string& text) {
  std::vector<std::string> labels;
  std::size_t width = 0;
  for (const ConfigEntry& entry : config_entries()) {
    labels.push_back("--" + flag_of(entry) + " " + std::string(placeholder(entry.type)));
    if (!is_for_all(entry)) width = std::max(width, labels.back().size());
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const ConfigEntry& entry = config_entries()[i];
    if (is_for_all(entry)) continue;
    text += "  " + padded(labels[i], width) + "  " + std::string(entry.help);
    if (!entry.range.empty()) text += " " + std::string(entry.range) + ";";
    if (!entry.fallback.empty()) text += " default " + std::string(entry.fallback);
    text += '\n';
  }
}

}  // namespace

std::string command_help(const Command& command) {
  std::string text = "Examples:\n";
  for (const std::string_view example : command.examples)
    text += "  " + std::string(example) + "\n";
  text += "\nUsage: " + usage(command) + "\n\n" + std::string(command.summary) + ".\n";
  if (!command.details.empty()) text += "\n" + std::string(command.details) + "\n";
  if (!command.positionals.empty()) {
    text += "\nArguments:\n";
    for (const Positional& positional : command.positionals) {
      text += "  " + padded(std::string(positional.name), 12) + "  " +
              std::string(positional.help) + "\n";
    }
  }
  if (!command.options.empty()) {
    text += "\nOptions:\n";
    append_options(text, command.options);
  }
  text += "\nFor every command:\n";
  std::vector<Option> common = settings_for_all();
  for (const Option& option : common_options()) common.push_back(option);
  append_options(text, common);
  if (command.settings == Command::Settings::listed) {
    text +=
        "\nSettings, which may also stand in the environment (WAYBILL_SLOTS=8) or in "
        "waybill.yaml (slots: 8):\n";
    append_settings(text);
    text += "\nTheir values here, and where they come from: waybill config show\n";
  } else {
    text += "\nMore settings, with their values: waybill config show\n";
  }
  return text;
}

std::string overview(std::span<const Command> commands, std::string_view noun) {
  std::string text;
  if (noun.empty()) {
    text =
        "Waybill runs tasks that come from buckets, schedules and requests: each once, to its "
        "end.\n"
        "\nExamples:\n"
        "  waybill up --definitions ./definitions      everything in one process\n"
        "  waybill task create -- echo hello           one task\n"
        "  waybill task list --state failed            what went wrong\n"
        "  waybill task why 0192f3c1-7a52              why a task has not started\n"
        "\nCommands:\n";
  } else {
    text = "Commands:\n";
  }
  std::size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.path.size());
  for (const Command& command : commands) {
    if (!noun.empty() && !command.path.starts_with(std::string(noun) + " ")) continue;
    text += "  waybill " + padded(std::string(command.path), width) + "  " +
            std::string(command.summary) + "\n";
  }
  return text + "\nHelp on one of them: waybill COMMAND --help\n";
}

}  // namespace waybill::cli
