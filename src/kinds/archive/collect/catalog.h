#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill {

/// A dataset of a data.json (Project Open Data 1.1), as far as it is of use.
struct CatalogDataset {
  std::string title;
  std::string json;               ///< all of it
  std::vector<std::string> urls;  ///< of its distributions
};
struct Catalog {
  std::vector<CatalogDataset> datasets;
  std::int64_t left_out = 0;  ///< datasets that are no objects
};
/// Reads a catalogue, whatever shape its fields have: only datasets and what their distributions
/// point to are looked at (`downloadURL`, or `accessURL` where there is none).
/// `failed_precondition` for what is no catalogue.
Result<Catalog> read_catalog(std::string_view text);

}  // namespace waybill
