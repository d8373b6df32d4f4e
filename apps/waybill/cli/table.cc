#include "apps/waybill/cli/table.h"

#include <algorithm>

namespace waybill::cli {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

}  // namespace

std::string printable(std::string_view text, std::size_t width_max) {
  std::string result;
  std::size_t width = 0;
  for (const char c : text) {
    if (begins_character(c) && ++width > width_max) return result + "…";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t') {
      result += ' ';
    } else {
      result += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
  }
  return result;
}

std::string Table::text(const Output& output) const {
  std::vector<std::size_t> widths;
  for (const std::string& title : titles_) widths.push_back(width_of(title));
  std::vector<std::vector<Cell>> rows;
  std::vector<Cell> titles;
  for (const std::string& title : titles_) titles.emplace_back(title, Colour::grey);
  rows.push_back(std::move(titles));
  for (const auto& row : rows_) {
    auto& shown = rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      shown.emplace_back(printable(row[i].text), row[i].colour);
      widths[i] = std::max(widths[i], width_of(shown.back().text));
    }
  }
  std::string result;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      result += output.paint(row[i].text, row[i].colour);
      if (i + 1 == row.size()) break;
      result.append(widths[i] - width_of(row[i].text) + 2, ' ');
    }
    result.erase(result.find_last_not_of(' ') + 1);
    result += '\n';
  }
  return result;
}

}  // namespace waybill::cli
