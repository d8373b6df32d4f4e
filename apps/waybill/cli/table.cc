#include "apps/waybill/cli/table.h"

#include <algorithm>

#include "base/utf8.h"

namespace waybill::cli {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// The code point of one valid sequence.
char32_t decode(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 1) return first;
  char32_t point = first & (0x7fU >> sequence.size());
  for (const char c : sequence.substr(1)) point = point << 6 | (c & 0x3f);
  return point;
}

/// Control characters, and those that turn the direction of the text or are not seen at all
/// (Unicode TR 9 and TR 36: they make a name look like another one).
bool steers(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
         (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2060 && point <= 0x2069) || point == 0xfeff;
}

}  // namespace

std::string printable(std::string_view text, std::size_t width_max) {
  std::string result;
  std::size_t width = 0;
  while (!text.empty()) {
    if (width++ == width_max) return result + "…";
    const std::size_t valid = utf8_sequence_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(valid, 1));
    if (character == "\n" || character == "\t") {
      result += ' ';
    } else {
      result += valid == 0 || steers(decode(character)) ? "?" : character;
    }
    text.remove_prefix(character.size());
  }
  return result;
}

std::string printable_lines(std::string_view text) {
  std::string result;
  while (true) {
    const std::size_t end = text.find('\n');
    result += printable(text.substr(0, end), text.size());
    if (end == std::string_view::npos) return result;
    result += '\n';
    text.remove_prefix(end + 1);
  }
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
