#include "core/definitions_prune.h"

#include <algorithm>
#include <boost/json.hpp>

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

bool comes_of(std::string_view pointer, std::span<const std::string> taken) {
  const std::vector<std::string> told = tokens_of(pointer);
  return std::ranges::any_of(taken, [&](const std::string& each) {
    const std::vector<std::string> tokens = tokens_of(each);
    if (begin_with(tokens, told) || begin_with(told, tokens)) return true;
    return is_of_step(tokens) && begin_with(told, std::span(tokens).first(4));
  });
}

}  // namespace waybill
