#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill {

/// A place in a text file; both count from 1. Zero: unknown.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  bool operator==(const Position&) const = default;
};

/// Something in a file that has to be mended by its author.
struct Problem {
  std::string file;
  Position at;
  std::string message;

  bool operator==(const Problem&) const = default;
};

/// `file:line:column: message`, as compilers write it, so that editors can jump there.
std::string to_string(const Problem& problem);

/// Where in a repository a file was read.
struct GitOrigin {
  std::string repository;
  std::string commit;  ///< all of its digits
  std::string path;    ///< from the repository's top

  bool operator==(const GitOrigin&) const = default;
};

/// A configuration file, whatever its syntax was: a JSON value, and where each part of it stood.
struct Document {
  std::string file;       ///< as the user named it
  std::string directory;  ///< absolute; what relative paths in it start from
  std::string json = "null";
  std::optional<GitOrigin> origin{};       ///< none: a file that is read where it stands
  std::map<std::string, Position> values;  ///< JSON pointer (RFC 6901) -> where the value begins
  std::map<std::string, Position> keys;    ///< JSON pointer -> where its key stands

  /// Where `pointer` begins, or the nearest thing around it that is known.
  Position value_at(std::string_view pointer) const;
  /// Where the key of `pointer` stands, or the nearest thing around it that is known.
  Position key_at(std::string_view pointer) const;
};

/// `pointer` with one more reference token, escaped (RFC 6901, 3).
std::string child_pointer(std::string_view pointer, std::string_view token);

}  // namespace waybill
