#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

inline constexpr std::size_t kNotifyTextBytesMax = std::size_t{64} << 10;

/// What a template of a notification may name, in an order for people.
std::string notify_contexts();
/// Refuses what is no template (docs/reference/expressions.md), or reads what nobody tells.
/// `invalid_argument` says where.
Status check_notify_template(std::string_view text);
/// The text, of which no more than kNotifyTextBytesMax is kept, with what `facts` (the params of a
/// notification) say. Errors as of an evaluation.
Result<std::string> notify_text(std::string_view text, const boost::json::object& facts);

/// What is told where nobody says otherwise.
inline constexpr std::string_view kNotifySubject = "${{ name }} ${{ outcome }}";
inline constexpr std::string_view kNotifyText = "${{ summary }}";

}  // namespace waybill
