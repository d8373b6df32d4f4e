#include "http/target.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/percent.h"
#include "base/utf8.h"

namespace waybill::http {
namespace {

/// None for what cannot be decoded, or is no text afterwards.
std::optional<std::string> decode(std::string_view text) {
  auto decoded = from_percent(text);
  if (!decoded || !is_utf8(*decoded)) return std::nullopt;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(decoded->begin(), decoded->end(), is_control)) return std::nullopt;
  return decoded;
}

std::optional<std::string> decode_form(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return decode(spaced);
}

/// Calls `take` with each piece between separators; false as soon as it does not want one.
template <class Take>
bool for_each_piece(std::string_view text, char separator, const Take& take) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (!take(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool read_path(std::string_view text, Target& target) {
  auto whole = decode(text);
  if (!whole) return false;
  target.path = std::move(*whole);
  return for_each_piece(text.substr(1), '/', [&](std::string_view piece) {
    auto segment = decode(piece);
    if (segment) target.segments.push_back(std::move(*segment));
    return segment.has_value();
  });
}

bool read_query(std::string_view text, Target& target) {
  return for_each_piece(text, '&', [&](std::string_view piece) {
    if (piece.empty()) return true;
    const std::size_t equals = piece.find('=');
    auto name = decode_form(piece.substr(0, equals));
    auto value = decode_form(equals == piece.npos ? "" : piece.substr(equals + 1));
    if (!name || !value) return false;
    target.query.emplace_back(std::move(*name), std::move(*value));
    return true;
  });
}

/// Takes "http://host" off the beginning; false: it does not begin so.
bool take_authority(std::string_view& text, Target& target) {
  const std::size_t mark = text.find("://");
  if (mark == text.npos) return false;
  const std::string scheme = to_lower(text.substr(0, mark));
  if (scheme != "http" && scheme != "https") return false;
  text.remove_prefix(mark + 3);
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  text.remove_prefix(authority.size());
  target.authority = authority;
  // RFC 9110, 4.2.4: a name and password there are for misleading people.
  return !authority.empty() && authority.find('@') == authority.npos;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  Target target;
  if (!text.starts_with('/') && !take_authority(text, target)) {
    return fail(Code::invalid_argument,
                "the request target has to begin with a slash, or with http:// and a host");
  }
  if (text.find(' ') != text.npos) {
    return fail(Code::invalid_argument, "the request target has a space in it; send it as %20");
  }
  std::string whole;
  if (!text.starts_with('/')) text = whole = "/" + std::string(text);
  const std::size_t mark = text.find('?');
  if (!read_path(text.substr(0, mark), target)) {
    return fail(Code::invalid_argument,
                "the path is not UTF-8 in percent-encoding without control characters");
  }
  if (mark != text.npos && !read_query(text.substr(mark + 1), target)) {
    return fail(Code::invalid_argument,
                "the query is not UTF-8 in percent-encoding without control characters");
  }
  return target;
}

}  // namespace waybill::http
