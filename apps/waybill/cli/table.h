#pragma once

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

/// Columns for people: as wide as their widest cell, without lines. Control characters in cells
/// are shown as `?`, so that no task can write to somebody's terminal.
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

/// `text` without control characters, newlines as spaces, cut with an ellipsis after `width_max`
/// characters.
std::string printable(std::string_view text, std::size_t width_max = 200);

}  // namespace waybill::cli
