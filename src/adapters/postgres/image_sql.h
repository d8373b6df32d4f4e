#pragma once

#include <string>
#include <vector>

#include "ports/ledger_image.h"

namespace waybill::postgres {

/// Gives the columns of an image's table, in the order of its key.
std::string image_select(const ImageTable& table);
/// Writes rows of it, given as an array for each of its columns.
std::string image_insert(const ImageTable& table);
/// The tables of the schema that an image is read from, or written to.
std::vector<std::string> image_places();

}  // namespace waybill::postgres
