#include "apps/waybill/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "core/config.h"
#include "core/suggest.h"

namespace waybill::cli {
namespace {

std::string flag(std::string_view name) { return "--" + std::string(name); }

std::string help_hint(std::string_view path) {
  return "; see `waybill" + (path.empty() ? "" : " " + std::string(path)) + " --help`";
}

/// One command's options and positionals inside CLI11, which only splits the line: what is missing
/// or unknown is told by us, with a hint.
class Lexer {
 public:
  explicit Lexer(const Command& command) : command_(command), app_("") {
    app_.set_help_flag();
    app_.allow_extras();
    for (const Option& option : common_options()) add(option);
    for (const Option& option : command.options) add(option);
    for (const ConfigEntry& entry : config_entries()) {
      settings_.push_back(flag_of(entry));
    }
    for (const std::string& name : settings_) {
      if (!names_.contains(name)) add({.name = name, .value = "VALUE", .help = ""});
    }
  }

  Result<Invocation> read(std::vector<std::string> arguments) {
    Invocation invocation;
    invocation.command = command_.path;
    const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
    if (dashes != arguments.end()) {
      invocation.rest.assign(dashes + 1, arguments.end());
      arguments.erase(dashes, arguments.end());
    }
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app_.parse(arguments);
    } catch (const CLI::ArgumentMismatch& error) {
      const std::string_view what = error.what();  // "--limit: 1 required TEXT missing"
      return usage(std::string(what.substr(0, what.find(':'))) + ": a value is missing");
    } catch (const CLI::ParseError& error) {
      return usage(error.what());
    }
    for (const std::string& extra : app_.remaining()) {
      if (extra.starts_with('-') && extra != "-") return unknown(extra);
      invocation.positionals.push_back(extra);
    }
    for (const auto& [name, values] : values_) {
      const CLI::Option* option = app_.get_option(flag(name));
      if (option->count() > 0) invocation.values.emplace(name, *values);
    }
    return invocation;
  }

  Status check(const Invocation& invocation) const {
    std::size_t least = 0;
    std::size_t most = 0;
    for (const Positional& positional : command_.positionals) {
      using Times = Positional::Times;
      const bool any = positional.times == Times::any;
      const bool many = any || positional.times == Times::many;
      if (!any && positional.times != Times::optional) ++least;
      most = many || most == SIZE_MAX ? SIZE_MAX : most + 1;
      if (invocation.positionals.size() < least) {
        return usage(std::string(positional.name) + " is missing: " + std::string(positional.help));
      }
    }
    if (invocation.positionals.size() > most) {
      return usage("\"" + invocation.positionals[most] + "\" is one argument too many" +
                   std::string(command_.surplus_hint));
    }
    if (command_.rest.empty() && !invocation.rest.empty()) {
      return usage("nothing can stand behind --");
    }
    return {};
  }

 private:
  void add(const Option& option) {
    const std::string name(option.name);
    names_.insert(name);
    if (option.value.empty()) {
      values_.emplace(name, std::make_unique<std::vector<std::string>>());
      app_.add_flag(lexed(option));
      return;
    }
    auto& values =
        values_.emplace(name, std::make_unique<std::vector<std::string>>()).first->second;
    app_.add_option(lexed(option), *values)->allow_extra_args(false);
  }

  /// As CLI11 wants it: `-f,--follow`.
  static std::string lexed(const Option& option) {
    const std::string letter = option.letter == '\0' ? "" : std::string("-") + option.letter + ",";
    return letter + flag(option.name);
  }

  tl::unexpected<Error> usage(const std::string& message) const {
    return fail(Code::invalid_argument, message + help_hint(command_.path));
  }

  tl::unexpected<Error> unknown(const std::string& extra) const {
    std::vector<std::string> known;
    for (const std::string& name : names_) known.push_back(flag(name));
    const std::string word = extra.substr(0, extra.find('='));
    return usage("unknown option " + word + did_you_mean(word, known));
  }

  const Command& command_;
  CLI::App app_;
  std::vector<std::string> settings_;
  std::set<std::string> names_;
  std::map<std::string, std::unique_ptr<std::vector<std::string>>> values_;
};

/// The command whose path the arguments begin with; the longest wins.
const Command* find_command(std::span<const Command> commands,
                            const std::vector<std::string>& words) {
  const auto is = [&](const Command& command) {
    const std::string two = words.size() > 1 ? words[0] + " " + words[1] : "";
    return command.path == two || (!words.empty() && command.path == words[0]);
  };
  const auto found = std::find_if(commands.begin(), commands.end(), is);
  return found == commands.end() ? nullptr : &*found;
}

/// The first words of all commands, or the second words of those that begin with `noun`.
std::vector<std::string> next_words(std::span<const Command> commands, const std::string& noun) {
  std::set<std::string> words;
  for (const Command& command : commands) {
    const std::string path(command.path);
    const std::size_t space = path.find(' ');
    if (noun.empty()) {
      words.insert(path.substr(0, space));
    } else if (space != std::string::npos && path.substr(0, space) == noun) {
      words.insert(path.substr(space + 1));
    }
  }
  return {words.begin(), words.end()};
}

Result<Parsed> without_command(std::span<const Command> commands,
                               const std::vector<std::string>& words) {
  const bool asks =
      words.empty() || words.back() == "--help" || words.back() == "-h" || words.front() == "help";
  const std::string noun = words.empty() || words[0].starts_with('-') || words[0] == "help"
                               ? (words.size() > 1 && words[0] == "help" ? words[1] : "")
                               : words[0];
  const auto verbs = noun.empty() ? std::vector<std::string>{} : next_words(commands, noun);
  const bool asks_for_verb = words.size() > 1 && !words[1].starts_with('-') && words[0] == noun;
  if (asks && (noun.empty() || !verbs.empty()) && !asks_for_verb) {
    Parsed parsed;
    parsed.topic = noun;
    return parsed;
  }
  if (verbs.empty()) {
    const std::string word = noun.empty() ? words[0] : noun;
    if (word.starts_with('-')) {
      return fail(Code::invalid_argument,
                  word +
                      " stands before the command; options come after it, as in `waybill task "
                      "list --json`" +
                      help_hint(""));
    }
    return fail(Code::invalid_argument, "unknown command \"" + word + "\"" +
                                            did_you_mean(word, next_words(commands, "")) +
                                            help_hint(""));
  }
  std::string known;
  for (const std::string& verb : verbs) known += (known.empty() ? "" : ", ") + verb;
  if (words.size() == 1) {
    return fail(Code::invalid_argument, "waybill " + noun + " what? " + known + help_hint(noun));
  }
  return fail(Code::invalid_argument, "unknown command \"" + noun + " " + words[1] + "\"" +
                                          did_you_mean(words[1], verbs) + "; there is " + known);
}

}  // namespace

Result<Parsed> parse_command_line(std::span<const Command> commands,
                                  const std::vector<std::string>& arguments) {
  std::vector<std::string> words = arguments;
  if (!words.empty() && words[0] == "--version") words[0] = "version";
  // `waybill help task list` is `waybill task list --help`.
  if (words.size() > 1 && words[0] == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  }
  const Command* command = find_command(commands, words);
  if (command == nullptr) return without_command(commands, words);
  const std::size_t depth = command->path.find(' ') == std::string_view::npos ? 1 : 2;
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(depth));
  Lexer lexer(*command);
  auto invocation = lexer.read(std::move(words));
  if (!invocation) return fail(invocation.error());
  if (!invocation->has("help")) {
    if (const Status status = lexer.check(*invocation); !status) return fail(status.error());
  }
  Parsed parsed;
  parsed.command = command;
  parsed.topic = command->path;
  parsed.invocation = std::move(*invocation);
  return parsed;
}

}  // namespace waybill::cli
