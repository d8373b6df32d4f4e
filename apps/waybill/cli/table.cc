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

bool is_plain(char c) { return c >= 0x20 && c < 0x7f; }

}  // namespace

std::string printable(std::string_view text, std::size_t width_max) {
  if (text.size() <= width_max && std::all_of(text.begin(), text.end(), is_plain)) {
    return std::string(text);
  }
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

TableColumns::TableColumns(const std::vector<std::string>& titles) : widths_(titles.size()) {
  for (const std::string& title : titles) titles_.emplace_back(title, Colour::grey);
  widen(titles_);
}

void TableColumns::widen(const std::vector<Cell>& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    widths_[i] = std::max(widths_[i], width_of(printable(row[i].text)));
  }
}

std::string TableColumns::line(const std::vector<Cell>& row, const Output& output) const {
  std::string result;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string shown = printable(row[i].text);
    result += output.paint(shown, row[i].colour);
    if (i + 1 == row.size()) break;
    result.append(widths_[i] - width_of(shown) + 2, ' ');
  }
  result.erase(result.find_last_not_of(' ') + 1);
  return result + '\n';
}

std::string Table::text(const Output& output) const {
  TableColumns columns(titles_);
  for (const auto& row : rows_) columns.widen(row);
  std::string result = columns.head(output);
  for (const auto& row : rows_) result += columns.line(row, output);
  return result;
}

}  // namespace waybill::cli
