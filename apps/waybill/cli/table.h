#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apps/waybill/cli/output.h"

namespace waybill::cli {

/// A cell of a table.
struct Cell {
  Cell(std::string t, Colour c = Colour::none) : text(std::move(t)), colour(c) {}
  Cell(const char* t) : text(t) {}

  std::string text;
  Colour colour = Colour::none;
};

/// A table whose rows nobody has to keep: each is shown to `widen`, then the head and each `line`
/// are written.
class TableColumns {
 public:
  explicit TableColumns(const std::vector<std::string>& titles);

  void widen(const std::vector<Cell>& row);
  std::string head(const Output& output) const { return line(titles_, output); }
  std::string line(const std::vector<Cell>& row, const Output& output) const;

 private:
  std::vector<Cell> titles_;
  std::vector<std::size_t> widths_;
};

/// Columns for people: as wide as their widest cell, without lines; each cell `printable`.
class Table {
 public:
  explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) {}

  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  std::string text(const Output& output) const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<Cell>> rows_;
};

/// `text` for a terminal that nobody else may steer: `?` for control characters, those that turn
/// the direction of text, and bytes that are not UTF-8; spaces for newlines; cut with an ellipsis
/// after `width_max` characters.
std::string printable(std::string_view text, std::size_t width_max = 200);

/// `printable` for each line, none of them cut.
std::string printable_lines(std::string_view text);

}  // namespace waybill::cli
