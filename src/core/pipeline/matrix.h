#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>

#include "base/result.h"

namespace waybill::pipeline {

/// The combinations of a matrix, a list of maps, by GitHub's rules: the product of the lists, the
/// first one turning slowest; less those that an entry of `exclude` fits; then each entry of
/// `include` is added to every combination whose own values it does not change, or is one more.
/// `invalid_argument` if it is no matrix, gives nothing, or more than kMatrixMax or
/// kMatrixBytesMax.
Result<boost::json::value> expand_matrix(const boost::json::value& matrix);
/// How many these are; errors as of expand_matrix, at a small part of its cost.
Result<std::size_t> matrix_width(const boost::json::value& matrix);

}  // namespace waybill::pipeline
