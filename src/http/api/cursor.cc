#include "http/api/cursor.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/json.h"

namespace waybill::http {
namespace {

/// Between the place and the mark; no character that an address would have to encode.
constexpr char kBefore = '~';
/// Hexadecimal digits: a mistake is seen, whoever makes a mark up harms himself alone.
constexpr std::size_t kMarkSize = 8;

/// Of the list, its order and its filter.
std::string mark_of(const Call& call) {
  const std::string asked =
      call.request.path + "\n" + call.query.words_without({"cursor", "limit"});
  return to_hex(sha256(asked)).substr(0, kMarkSize);
}

bool is_mark(std::string_view text) {
  return text.size() == kMarkSize &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Answer<std::string> cursor_in(const Call& call) {
  const std::string& sent = call.query.text("cursor");
  const std::size_t before = sent.rfind(kBefore);
  if (before == sent.npos || !is_mark(std::string_view(sent).substr(before + 1))) return sent;
  if (std::string_view(sent).substr(before + 1) == mark_of(call)) return sent.substr(0, before);
  return refuse(Error{.code = Code::invalid_argument,
                      .message = "the query parameter cursor was given by another list, or for "
                                 "another filter or order: repeat those of the request that gave "
                                 "it, or begin again without a cursor"});
}

boost::json::value next_cursor(const Call& call, std::string_view place) {
  if (place.empty()) return nullptr;
  return json::text(std::string(place) + kBefore + mark_of(call));
}

}  // namespace waybill::http
