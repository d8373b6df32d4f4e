#include <algorithm>

#include "core/definitions_difference.h"

namespace waybill {
namespace {

/// GitHub takes 65,536 characters in a comment.
constexpr std::size_t kMarkdownMax = 60'000;
constexpr std::size_t kValueShown = 300;

/// At most so many bytes, without half a character at the end.
std::string cut(const std::string& text) {
  if (text.size() <= kValueShown) return text;
  std::size_t end = kValueShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

/// What turns the order of a line around would show a reader another program than the one that is
/// run (U+202A to U+202E, U+2066 to U+2069).
std::string without_turns(const std::string& text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view three = std::string_view(text).substr(i, 3);
    const bool override = three >= "\xe2\x80\xaa" && three <= "\xe2\x80\xae";
    const bool isolate = three >= "\xe2\x81\xa6" && three <= "\xe2\x81\xa9";
    if (three.size() < 3 || (!override && !isolate)) {
      shown += text[i];
      continue;
    }
    const int low = static_cast<unsigned char>(three[2]) - (override ? 0x80 : 0x40);
    constexpr std::string_view kHex = "0123456789abcdef";
    shown += "\\u20";
    shown += kHex[static_cast<std::size_t>(low >> 4)];
    shown += kHex[static_cast<std::size_t>(low & 15)];
    i += 2;
  }
  return shown;
}

/// A code span that nothing in the text can end (CommonMark 6.1), on one line.
std::string code(const std::string& text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  std::string shown;
  for (const char c : without_turns(cut(text))) {
    shown += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  const std::string_view space = longest > 0 || shown.empty() ? " " : "";
  return fence + std::string(space) + shown + std::string(space) + fence;
}

std::string one_of(const std::string& map) { return map.substr(0, map.size() - 1); }

std::string counted_differences(const std::vector<DefinitionDifference>& all) {
  using Is = DefinitionDifference::Is;
  std::string text;
  for (const Is is : {Is::added, Is::changed, Is::removed}) {
    const auto count = std::ranges::count_if(all, [&](const auto& each) { return each.is == is; });
    if (count == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(to_string(is));
  }
  return text;
}

std::string field_line(const FieldDifference& field) {
  std::string line = "  - " + code(field.field) + ": ";
  if (field.before.empty()) return line + code(field.now) + "\n";
  if (field.now.empty()) return line + "gone, was " + code(field.before) + "\n";
  return line + code(field.before) + " → " + code(field.now) + "\n";
}

void add_differences(const DefinitionsCheck& check, std::string& text) {
  text += "### Against " + code(check.against) + "\n\n";
  if (check.differences.empty()) {
    text += "Nothing differs.\n";
    return;
  }
  text += counted_differences(check.differences) + "\n\n";
  for (const DefinitionDifference& each : check.differences) {
    text += "- **" + std::string(to_string(each.is)) + "** " + one_of(each.map) + " " +
            code(each.name) + " (" + code(each.file) + ")\n";
    if (each.is == DefinitionDifference::Is::removed) continue;
    for (const FieldDifference& field : each.fields) text += field_line(field);
  }
}

/// What a reviewer must not overlook.
void add_permissions(const DefinitionsCheck& check, std::string& text) {
  std::string lines;
  for (const DefinitionDifference& each : check.differences) {
    if (each.is == DefinitionDifference::Is::removed) continue;
    std::string fields;
    for (const FieldDifference& field : each.fields) {
      if (is_permission(each.map, field)) fields += field_line(field);
    }
    if (!fields.empty()) lines += "- " + one_of(each.map) + " " + code(each.name) + "\n" + fields;
  }
  if (!lines.empty()) text += "### What it asks for\n\n" + lines + "\n";
}

/// As workflow commands want it: https://docs.github.com/actions, workflow commands.
std::string escaped(const std::string& text, bool is_property) {
  std::string result;
  for (const char c : text) {
    if (c == '%') {
      result += "%25";
    } else if (c == '\r') {
      result += "%0D";
    } else if (c == '\n') {
      result += "%0A";
    } else if (is_property && c == ':') {
      result += "%3A";
    } else if (is_property && c == ',') {
      result += "%2C";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string check_to_markdown(const DefinitionsCheck& check) {
  std::string text;
  if (check.problems.empty()) {
    text = "The definitions are right.\n\n";
  } else {
    text = "### " + std::to_string(check.problems.size()) +
           (check.problems.size() == 1 ? " problem" : " problems") + "\n\n";
    for (const Problem& problem : check.problems) text += "- " + code(to_string(problem)) + "\n";
    text += "\n";
  }
  if (!check.against.empty()) {
    add_permissions(check, text);
    add_differences(check, text);
  }
  if (text.size() > kMarkdownMax) {
    text.resize(text.rfind('\n', kMarkdownMax) + 1);
    text += "\nThere is more than fits here: `waybill definitions check` shows all.\n";
  }
  return text;
}

std::string check_to_text(const DefinitionsCheck& check) {
  std::string text;
  for (const Problem& problem : check.problems) text += to_string(problem) + "\n";
  for (const DefinitionDifference& each : check.differences) {
    text += std::string(to_string(each.is)) + " " + one_of(each.map) + " " + each.name + " (" +
            each.file + ")\n";
    if (each.is == DefinitionDifference::Is::removed) continue;
    for (const FieldDifference& field : each.fields) {
      text += "  " + field.field + ": ";
      if (!field.before.empty()) text += cut(field.before) + " -> ";
      text += (field.now.empty() ? "gone" : cut(field.now)) + "\n";
    }
  }
  return text;
}

std::string check_to_annotations(const DefinitionsCheck& check) {
  std::string text;
  for (const Problem& problem : check.problems) {
    text += "::error file=" + escaped(problem.file, true);
    if (problem.at.line > 0) {
      text +=
          ",line=" + std::to_string(problem.at.line) + ",col=" + std::to_string(problem.at.column);
    }
    text += "::" + escaped(problem.message, false) + "\n";
  }
  return text;
}

}  // namespace waybill
