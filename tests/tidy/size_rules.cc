#include <algorithm>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/rules.h"

namespace waybill::tidy {
namespace {

constexpr std::size_t kLineMax = 100;
constexpr std::size_t kFileMax = 400;  // more needs a line with the reason in the ratchet
constexpr std::size_t kFunctionMax = 70;
constexpr std::size_t kVirtualsMax = 9;

/// Bytes that begin a character in UTF-8.
std::size_t characters(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_program(const Source& source) {
  return source.is_cpp() || source.path.ends_with(".py") || source.path.ends_with(".sh") ||
         source.path.ends_with(".ts") || source.path.ends_with(".tsx") ||
         source.path.ends_with(".css") || source.is_under("scripts/");
}

enum class Scope { space, type, function, other };

/// Preprocessor lines are not part of what a brace opens.
std::string without_directives(std::string_view head) {
  std::string rest;
  for (const auto line : lines_of(head)) {
    if (!line.starts_with('#')) rest.append(line).push_back(' ');
  }
  return rest;
}

/// What a brace opens, from the text between the last ; { or } and it, and where it stands.
Scope classify(std::string_view text, Scope outer) {
  if (outer == Scope::function || outer == Scope::other) return Scope::other;
  static const std::regex kSpace(R"(\bnamespace\b|^\s*extern\s+"\s*"\s*$)", std::regex::optimize);
  static const std::regex kType(
      R"(^\s*((public|protected|private)\s*:\s*|template\s*<[^()]*>\s*)*(class|struct|union)\b)",
      std::regex::optimize);
  const std::string head = without_directives(text);
  if (std::regex_search(head, kSpace)) return Scope::space;
  if (std::regex_search(head, kType)) return Scope::type;
  return head.find('(') == head.npos ? Scope::other : Scope::function;
}

/// A piece of code between braces.
struct Block {
  Scope scope = Scope::space;
  std::size_t first_line = 1;
  std::size_t virtuals = 0;
};

/// Follows the braces of a file and reports long functions and wide interfaces.
class BraceWalk {
 public:
  BraceWalk(const Source& source, Findings& findings) : source_(source), findings_(findings) {}

  void run() {
    const std::string_view code = source_.code;
    for (std::size_t at = 0; at < code.size(); ++at) {
      const char c = code[at];
      if (c == '\n') ++line_;
      if (code.substr(at).starts_with("virtual ")) ++open_.back().virtuals;
      if (c == '{') {
        open_.push_back({classify(code.substr(head_, at - head_), open_.back().scope), line_, 0});
      } else if (c == '}' && open_.size() > 1) {
        close(open_.back());
        open_.pop_back();
      }
      if (c == '{' || c == '}' || c == ';') head_ = at + 1;
    }
  }

 private:
  void close(const Block& block) {
    const auto length = line_ - block.first_line + 1;
    if (block.scope == Scope::function && length > kFunctionMax)
      report("function-length", block, length,
             std::to_string(length) + " lines, at most " + std::to_string(kFunctionMax) +
                 ": take a step of it out under a name");
    // The destructor is not counted.
    if (block.scope == Scope::type && block.virtuals > kVirtualsMax + 1)
      report("interface-width", block, block.virtuals,
             std::to_string(block.virtuals - 1) + " virtual functions, at most " +
                 std::to_string(kVirtualsMax) + ": split it by who uses what");
  }
  void report(std::string rule, const Block& block, std::size_t amount, std::string message) {
    findings_.push_back(
        {std::move(rule), source_.path, block.first_line, amount, std::move(message)});
  }

  const Source& source_;
  Findings& findings_;
  std::vector<Block> open_{Block{}};
  std::size_t head_ = 0;
  std::size_t line_ = 1;
};

void check_lines(const Source& source, Findings& findings) {
  std::size_t number = 0;
  for (const auto line : lines_of(source.text)) {
    ++number;
    if (characters(line) > kLineMax)
      findings.push_back(
          {"line-length", source.path, number, 1,
           std::to_string(characters(line)) + " columns, at most " + std::to_string(kLineMax)});
  }
}

}  // namespace

void check_sizes(const Source& source, Findings& findings) {
  if (!is_program(source)) return;
  check_lines(source, findings);
  const auto length = lines_of(source.text).size();
  if (length > kFileMax)
    findings.push_back({"file-length", source.path, length, length,
                        std::to_string(length) + " lines, at most " + std::to_string(kFileMax) +
                            ": it wants to be two"});
  if (source.is_cpp()) BraceWalk(source, findings).run();
}

}  // namespace waybill::tidy
