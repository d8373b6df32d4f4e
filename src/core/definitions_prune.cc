#include "core/definitions_prune.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "core/document.h"

namespace waybill {
namespace bj = boost::json;
namespace {

/// A map of definitions, and a name in it.
constexpr std::size_t kEntryTokens = 2;

std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool is_escape = token[i] == '~' && i + 1 < token.size();
    text += !is_escape ? token[i] : token[i + 1] == '1' ? '/' : '~';
    if (is_escape) ++i;
  }
  return text;
}

std::vector<std::string> tokens_of(std::string_view pointer) {
  std::vector<std::string> tokens;
  while (!pointer.empty()) {
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    tokens.push_back(unescaped(pointer.substr(1, end - 1)));
    pointer.remove_prefix(end);
  }
  return tokens;
}

/// Whether `tokens` lead to `around`, or to something in it.
bool begin_with(const std::vector<std::string>& tokens, std::span<const std::string> around) {
  return tokens.size() >= around.size() && std::equal(around.begin(), around.end(), tokens.begin());
}

/// What was taken of a step says what that step is: nothing else of it is known then.
bool is_of_step(const std::vector<std::string>& taken) {
  if (taken.size() < 5 || taken[0] != "pipelines" || taken[2] != "steps") return false;
  return taken[4] != "task" || taken.size() == 5;
}

/// What stands in for a field that is missing; its own checks are not told of.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kSound = {{
    {"cron", R"("@daily")"},
    {"steps", R"({"step": {"wait": {"for": "1s"}}})"},
    {"queue", R"("queue")"},
    {"repository", R"("owner/name")"},
    {"to", R"("nobody@example.org")"},
    {"url", R"("https://example.org/")"},
    {"secrets", R"(["secret"])"},
    {"ingestion", R"("file:/")"},
    {"own", R"("file:/")"},
    {"peer", R"("file:/")"},
    {"side", R"("first")"},
    {"intake_task", R"("task")"},
    {"aggregate_task", R"("task")"},
    {"path", R"("{batch}.{part}")"},
    {"parts", R"(["part"])"},
    {"sources", R"({"source": "file:/"})"},
    {"task", R"("task")"},
}};

/// NAME of `the field "NAME" is missing`; empty for what says anything else.
std::string missed_field(std::string_view message) {
  constexpr std::string_view kBegin = "the field \"";
  constexpr std::string_view kEnd = "\" is missing";
  if (!message.starts_with(kBegin) || !message.ends_with(kEnd)) return "";
  message.remove_prefix(kBegin.size());
  message.remove_suffix(kEnd.size());
  return std::string(message);
}

bj::value* value_at(bj::value& file, std::span<const std::string> tokens) {
  bj::value* at = &file;
  for (const std::string& token : tokens) {
    if (at->is_object()) {
      at = at->get_object().if_contains(token);
    } else if (at->is_array()) {
      std::size_t index = 0;
      const auto read = std::from_chars(token.data(), token.data() + token.size(), index);
      if (read.ec != std::errc() || index >= at->get_array().size()) return nullptr;
      at = &at->get_array()[index];
    } else {
      return nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

/// Whether it is a task that runs a program, and says none.
bool is_command(const std::vector<std::string>& tokens, const bj::object& object) {
  const bool is_task = (tokens.size() == 2 && tokens[0] == "tasks") ||
                       (tokens.size() == 5 && tokens[0] == "pipelines" && tokens[4] == "task");
  const bj::value* kind = object.if_contains("kind");
  const bool runs = kind == nullptr || *kind == bj::value("command");
  return is_task && runs && !object.contains("command") && !object.contains("shell");
}

bool is_notify_rule(const std::vector<std::string>& tokens, const bj::object& object) {
  const bool is_rule =
      tokens.back() == "notify" || (tokens.size() > 1 && tokens[tokens.size() - 2] == "notify");
  return is_rule && !object.contains("mail") && !object.contains("webhook");
}

}  // namespace

std::vector<std::string> prune(bj::value& file, std::span<const SchemaViolation> violations) {
  std::vector<std::string> taken;
  for (const SchemaViolation& violation : violations) {
    const std::vector<std::string> tokens = tokens_of(violation.pointer);
    bj::value* around = &file;
    std::string pointer;
    for (std::size_t i = 0; i < tokens.size() && around->is_object(); ++i) {
      pointer = child_pointer(pointer, tokens[i]);
      bj::object& object = around->get_object();
      bj::value* value = object.if_contains(tokens[i]);
      if (value == nullptr) break;  // it is gone already
      around = value;
      const bool is_it = i + 1 == tokens.size() || !value->is_object();
      if (!is_it) continue;
      // Of a list all goes: the places of the others would change.
      if (i >= kEntryTokens && object.erase(tokens[i]) > 0) taken.push_back(pointer);
      break;
    }
  }
  return taken;
}

std::vector<std::string> complete(bj::value& file, std::vector<SchemaViolation>& violations) {
  std::vector<std::string> put;
  std::erase_if(violations, [&](const SchemaViolation& violation) {
    const std::vector<std::string> tokens = tokens_of(violation.pointer);
    bj::value* at = tokens.size() < kEntryTokens ? nullptr : value_at(file, tokens);
    if (at == nullptr || !at->is_object()) return false;
    bj::object& object = at->get_object();
    const auto put_in = [&](std::string_view name, std::string_view sound) {
      object[bj::string_view(name.data(), name.size())] = json::parse(sound).value();
      put.push_back(child_pointer(violation.pointer, name));
      return true;
    };
    const std::string missed = missed_field(violation.message);
    const auto known = std::find_if(kSound.begin(), kSound.end(),
                                    [&](const auto& field) { return field.first == missed; });
    if (known != kSound.end()) return put_in(known->first, known->second);
    if (is_command(tokens, object)) return put_in("command", R"(["/bin/true"])");
    return is_notify_rule(tokens, object) && put_in("mail", R"("nobody@example.org")");
  });
  return put;
}

bool comes_of(std::string_view pointer, std::span<const std::string> taken) {
  const std::vector<std::string> told = tokens_of(pointer);
  return std::ranges::any_of(taken, [&](const std::string& each) {
    const std::vector<std::string> tokens = tokens_of(each);
    if (begin_with(tokens, told) || begin_with(told, tokens)) return true;
    return is_of_step(tokens) && begin_with(told, std::span(tokens).first(4));
  });
}

}  // namespace waybill
