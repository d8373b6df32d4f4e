#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "kinds/archive/identify/file_types.h"

namespace waybill {

/// What is known of a file.
struct TypeRow {
  std::string path;
  std::string sha256;
  std::int64_t size_bytes = 0;
  FileType type;
  std::string error;  ///< why nothing is known; empty: it is

  bool operator==(const TypeRow&) const = default;
};

/// As a line of JSON, with its end.
std::string json_line(const TypeRow& row);
/// None for what json_line does not write.
std::optional<TypeRow> parse_json_line(std::string_view line);

/// The names of the columns, and a row, as RFC 4180 has them.
std::string csv_head();
std::string csv_line(const TypeRow& row);

/// What came of all of them.
struct TypeTally {
  std::int64_t files = 0;
  std::int64_t failed = 0;
  std::int64_t size_bytes = 0;
  std::map<std::string, std::int64_t> types;

  void count(const TypeRow& row);
};

}  // namespace waybill
