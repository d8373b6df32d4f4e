#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kinds/archive/kiwix/listing.h"

namespace waybill {

/// A ZIM file that a catalogue of Kiwix lists.
struct OpdsEntry {
  std::string id;  ///< `urn:uuid:…`
  std::string title;
  std::string url;  ///< of the file, as it is written there, without `.meta4`
  ZimName zim;
  std::int64_t size_bytes = -1;  ///< -1: not said
};
struct OpdsPage {
  std::vector<OpdsEntry> entries;  ///< that are ZIM files with a month in their names
  std::vector<std::string> ids;    ///< of all entries
  std::optional<std::int64_t> total;
  std::string next;  ///< a reference; empty: none is said
};

/// Reads a page of a catalogue (OPDS 1.2, an Atom feed; `/catalog/v2/entries` of Kiwix).
/// `failed_precondition` for what is no feed, and as of load_foreign_xml.
Result<OpdsPage> read_opds(std::string_view xml);

}  // namespace waybill
