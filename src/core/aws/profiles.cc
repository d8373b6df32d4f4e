#include "core/aws/profiles.h"

#include <algorithm>

#include "base/ascii.h"

namespace waybill::aws {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// A comment may also follow a value, after white space.
std::string_view without_comment(std::string_view value) {
  for (std::size_t at = 1; at < value.size(); ++at) {
    const bool after_blank = value[at - 1] == ' ' || value[at - 1] == '\t';
    if (after_blank && (value[at] == '#' || value[at] == ';')) return trimmed(value.substr(0, at));
  }
  return value;
}

/// Empty for a section that is no profile.
std::string profile_name(std::string_view section, ProfileFile kind) {
  if (kind == ProfileFile::credentials || section == "default") return std::string(section);
  constexpr std::string_view kWord = "profile";
  if (!section.starts_with(kWord)) return {};
  section.remove_prefix(kWord.size());
  if (section.empty() || (section[0] != ' ' && section[0] != '\t')) return {};
  section = trimmed(section);
  if (section.size() >= 2 && section.front() == section.back() &&
      (section[0] == '"' || section[0] == '\'')) {
    section = section.substr(1, section.size() - 2);
  }
  return std::string(section);
}

}  // namespace

Profiles parse_profiles(std::string_view text, ProfileFile kind) {
  Profiles profiles;
  std::string profile;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = trimmed(line);
    if (content.empty() || content[0] == '#' || content[0] == ';') continue;
    if (line[0] == ' ' || line[0] == '\t') continue;  // nested below the setting before it
    if (content[0] == '[') {
      const std::size_t close = content.find(']');
      profile = close == std::string_view::npos
                    ? std::string()
                    : profile_name(trimmed(content.substr(1, close - 1)), kind);
      if (!profile.empty()) profiles.try_emplace(profile);
      continue;
    }
    const std::size_t equals = content.find('=');
    if (profile.empty() || equals == std::string_view::npos) continue;
    const std::string name = to_lower(trimmed(content.substr(0, equals)));
    profiles[profile][name] = std::string(without_comment(trimmed(content.substr(equals + 1))));
  }
  return profiles;
}

}  // namespace waybill::aws
