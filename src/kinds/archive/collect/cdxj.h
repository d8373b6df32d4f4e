#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/collection.h"

namespace waybill {

/// A URL so that those of a host sort together (SURT): `(com,example,www,)/a/b?x=1`. In lower case,
/// without scheme, port, user and fragment.
std::string surt_of(std::string_view url);

/// The line of an item that is archived: SURT, time of the fetch, `response`, and as JSON the
/// locator `urn:ipfs/HEADER/BODY`.
std::string index_line(const CollectionItem& item);

/// The index of such lines, which may come in any order: `!OpenWayback-CDXJ 1.0`.
std::string index_of(std::vector<std::string> lines);

}  // namespace waybill
