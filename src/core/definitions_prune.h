#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_schema.h"

namespace waybill {

/// Takes out of a file of definitions what these violations are about, so that the rest of each
/// entry can be looked at as well; answers the JSON pointers of what it took. An entry that is
/// wrong as a whole stays as it is.
std::vector<std::string> prune(boost::json::value& file,
                               std::span<const SchemaViolation> violations);

/// Whether something told of `pointer` may be so only because of what was taken out.
bool comes_of(std::string_view pointer, std::span<const std::string> taken);

/// Puts in what entries miss by `violations`: something that is sound, so that the rest of them can
/// be looked at, and takes these violations out. Answers the pointers of what it put in.
std::vector<std::string> complete(boost::json::value& file,
                                  std::vector<SchemaViolation>& violations);

}  // namespace waybill
