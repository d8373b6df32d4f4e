#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace waybill::schema {

// What the check of a schema asks of single values.

std::string_view view(const boost::json::string& text);
/// As JSON, cut where it is long: for a message.
std::string shown(const boost::json::value& value);
/// "a text" for "string".
std::string with_article(std::string_view type);
/// `type` as schemas name it; a whole number is a "number" too.
bool has_type(const boost::json::value& value, std::string_view type);
/// Numbers are equal by value, whatever they are stored as.
bool equal(const boost::json::value& a, const boost::json::value& b);
/// Characters, as the draft counts them: code points of UTF-8.
std::int64_t length(std::string_view text);

/// Where a value stands. Most values are right, and nobody asks for their pointers.
struct Place {
  const Place* in = nullptr;  ///< null: this is the whole value
  std::string_view name{};
  std::size_t index = 0;  ///< where there is no name

  std::string pointer() const;
};

}  // namespace waybill::schema
