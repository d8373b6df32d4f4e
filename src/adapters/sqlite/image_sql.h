#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ports/ledger_image.h"

namespace waybill::sqlite {

/// Gives the columns of an image's table, in the order of its key.
std::string image_select(const ImageTable& table);

/// A statement that writes a row, and which of its cells are the parameters.
struct ImageInsert {
  std::string text;
  std::vector<std::size_t> cells;
};
/// What writes a row of that table, one after another.
std::vector<ImageInsert> image_inserts(const ImageTable& table);

}  // namespace waybill::sqlite
