#include "adapters/file/object_key.h"

namespace waybill {
namespace {

constexpr std::string_view kEscapedPrefix = ".waybill-key-";

bool needs_escape(std::string_view part) {
  return part.empty() || part == "." || part == ".." || part.starts_with(kReservedNamePrefix) ||
         part.find('\0') != std::string_view::npos;
}

/// The path of a key's parts, or nothing if one of them is too long for a file name.
std::optional<std::string> join_names(std::string_view key) {
  std::string path;
  for (;;) {
    const std::size_t slash = key.find('/');
    const std::string name = name_of_part(key.substr(0, slash));
    if (name.size() > kNameBytesMaxOnDisk) return std::nullopt;
    path += name;
    if (slash == std::string_view::npos) return path;
    path += '/';
    key.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string name_of_part(std::string_view part) {
  if (!needs_escape(part)) return std::string(part);
  std::string name(kEscapedPrefix);
  for (const char c : part) {
    if (c == '\0') {
      name += "%00";
    } else if (c == '%') {
      name += "%25";
    } else {
      name += c;
    }
  }
  return name;
}

Result<std::string> path_of_key(std::string_view key) {
  if (key.empty()) return fail(Code::invalid_argument, "an object's key must not be empty");
  if (key.size() > kKeyBytesMax) {
    return fail(Code::invalid_argument, "an object's key has " + std::to_string(key.size()) +
                                            " bytes; at most 1024 are possible");
  }
  std::optional<std::string> path = join_names(key);
  if (!path) {
    return fail(Code::invalid_argument,
                "key '" + std::string(key) +
                    "' has a part over 255 bytes between slashes, which a file cannot be named");
  }
  return *std::move(path);
}

std::optional<std::string> path_of_prefix(std::string_view prefix) {
  if (prefix.empty()) return ".";
  prefix.remove_suffix(1);
  return join_names(prefix);
}

std::optional<std::string> part_of_name(std::string_view name) {
  if (!name.starts_with(kReservedNamePrefix)) return std::string(name);
  if (!name.starts_with(kEscapedPrefix)) return std::nullopt;
  std::string part;
  for (std::string_view rest = name.substr(kEscapedPrefix.size()); !rest.empty();) {
    if (rest.starts_with("%00")) {
      part += '\0';
      rest.remove_prefix(3);
    } else if (rest.starts_with("%25")) {
      part += '%';
      rest.remove_prefix(3);
    } else {
      part += rest[0];
      rest.remove_prefix(1);
    }
  }
  // Only what name_of_part gives: else two files could stand for one key.
  if (name_of_part(part) != name) return std::nullopt;
  return part;
}

std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

}  // namespace waybill
