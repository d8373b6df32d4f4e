#pragma once

#include <boost/json/fwd.hpp>

namespace waybill {

/// Whether a value is a whole number, of any size; 1.0 is one too (draft 2020-12, 4.2.3).
bool is_integer(const boost::json::value& value);

/// Compares two numbers, without rounding where both are stored as integers.
bool is_less(const boost::json::value& a, const boost::json::value& b);

}  // namespace waybill
