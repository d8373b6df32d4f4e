#include "kinds/command/procfile.h"

#include "base/utf8.h"

namespace waybill {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_process_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !name.empty() && name.find_first_not_of(kAllowed) == name.npos;
}

}  // namespace

Result<std::string> procfile_command(std::string_view text, std::string_view process) {
  std::string others;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view command = trimmed(line.substr(colon + 1));
    if (!is_process_name(name) || command.empty()) continue;
    if (name == process) return std::string(command);
    others += (others.empty() ? "" : ", ") + std::string(name);
  }
  return fail(Code::not_found,
              "the Procfile has no process \"" + std::string(process) + "\"" +
                  (others.empty() ? "; it has none" : "; it has " + escape_utf8(others)));
}

}  // namespace waybill
