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
    }
  }
  if (!command.rest.empty()) text += " [-- " + std::string(command.rest) + "]";
  return text;
}

std::vector<Option> settings() {
  std::vector<Option> options;
  for (const ConfigEntry& entry : config_entries()) {
    if (entry.name == "data" || entry.name == "definitions") {
      options.push_back({.name = entry.name, .value = "DIR", .help = entry.help});
    }
  }
  return options;
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
  std::vector<Option> common = settings();
  for (const Option& option : common_options()) common.push_back(option);
  append_options(text, common);
  text += "\nMore settings, with their values: waybill config show\n";
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
