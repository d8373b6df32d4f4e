#include "kinds/archive/identify/table.h"

#include <array>
#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::array<std::string_view, 7> kColumns = {
    "path", "media_type", "charset", "description", "size_bytes", "sha256", "error"};

void add_cell(std::string& line, std::string_view text) {
  if (text.find_first_of("\",\r\n") == text.npos) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) line += c == '"' ? std::string("\"\"") : std::string(1, c);
  line += '"';
}

std::optional<std::string> text_at(const bj::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !(value->is_string() || value->is_null())) return std::nullopt;
  return value->is_null() ? std::string() : std::string(value->get_string());
}

}  // namespace

std::string json_line(const TypeRow& row) {
  const bj::object object{{"path", json::text(row.path)},
                          {"media_type", json::text_or_null(row.type.media_type)},
                          {"charset", json::text_or_null(row.type.charset)},
                          {"description", json::text_or_null(row.type.description)},
                          {"size_bytes", row.size_bytes},
                          {"sha256", json::text(row.sha256)},
                          {"error", json::text_or_null(row.error)}};
  return json::serialize(object) + "\n";
}

std::optional<TypeRow> parse_json_line(std::string_view line) {
  const auto value = json::parse(line);
  if (!value || !value->is_object()) return std::nullopt;
  const bj::object& object = value->get_object();
  TypeRow row;
  for (const auto& [name, into] :
       {std::pair{"path", &row.path}, std::pair{"media_type", &row.type.media_type},
        std::pair{"charset", &row.type.charset}, std::pair{"description", &row.type.description},
        std::pair{"sha256", &row.sha256}, std::pair{"error", &row.error}}) {
    auto text = text_at(object, name);
    if (!text) return std::nullopt;
    *into = std::move(*text);
  }
  const auto* size = object.if_contains("size_bytes");
  if (size == nullptr || !size->is_int64()) return std::nullopt;
  row.size_bytes = size->get_int64();
  return row;
}

std::string csv_head() {
  std::string line;
  for (const std::string_view column : kColumns)
    line += (line.empty() ? "" : ",") + std::string(column);
  return line + "\r\n";
}

std::string csv_line(const TypeRow& row) {
  std::string line;
  add_cell(line, row.path);
  for (const std::string& text : {row.type.media_type, row.type.charset, row.type.description,
                                  std::to_string(row.size_bytes), row.sha256, row.error}) {
    line += ',';
    add_cell(line, text);
  }
  return line + "\r\n";
}

void TypeTally::count(const TypeRow& row) {
  ++files;
  size_bytes += row.size_bytes;
  if (row.error.empty()) {
    ++types[row.type.media_type];
  } else {
    ++failed;
  }
}

}  // namespace waybill
