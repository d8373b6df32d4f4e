#pragma once

#include <boost/json/fwd.hpp>

namespace waybill {

/// Whether a value is a whole number, of any size; 1.0 is one too (draft 2020-12, 4.2.3).
bool is_integer(const boost::json::value& value);

/// Compares two numbers, without rounding where both are stored as integers.
bool is_less(const boost::json::value& a, const boost::json::value& b);

/// Exact where both are whole numbers, in whatever notation. Else 0.3 is a multiple of 0.1 though
/// neither is what its double holds: a number may be off its nearest multiple by 4 units in its
/// last place, which covers what reading both and multiplying round. Where multiples lie so close
/// that every number would pass, only an exact one does. (nlohmann's json-schema-validator does
/// likewise.)
bool is_multiple(const boost::json::value& number, const boost::json::value& divisor);

}  // namespace waybill
