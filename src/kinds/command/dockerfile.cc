#include "kinds/command/dockerfile.h"

#include <string>

namespace waybill {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The text without comments, and without what a flag may be taken apart with: ends of lines,
/// spaces, both characters that continue a line or escape the next one, and quotes.
std::string bare(std::string_view text) {
  std::string left;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    if (line.starts_with('#')) continue;
    for (const char c : line) {
      const bool joins = is_space(c) || c == '\\' || c == '`' || c == '"' || c == '\'';
      if (!joins) left += c;
    }
  }
  return left;
}

}  // namespace

Status check_dockerfile(std::string_view text) {
  const bool is_text = text.find('\0') == text.npos;
  if (is_text && bare(text).find("--mount") == std::string::npos) return {};
  return fail(Code::invalid_argument,
              is_text ? "the Dockerfile has --mount: steps that mount something are not run, as "
                        "podman lets them out of the build; COPY what they need"
                      : "the Dockerfile has a zero byte");
}

}  // namespace waybill
