#include "base/percent.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::array<bool, 256> unreserved() {
  std::array<bool, 256> is{};
  for (std::size_t byte = 0; byte < is.size(); ++byte) {
    const char c = static_cast<char>(byte);
    is[byte] = is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
  }
  return is;
}
constexpr std::array<bool, 256> kUnreserved = unreserved();

}  // namespace

std::string to_percent(std::string_view bytes, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto stays = [&](char c) {
    return kUnreserved[static_cast<unsigned char>(c)] ||
           (!keep.empty() && keep.find(c) != std::string_view::npos);
  };
  std::string out;
  out.reserve(bytes.size());
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (true) {
    const char* const other = std::find_if_not(at, end, stays);
    out.append(at, other);
    if (other == end) return out;
    const auto byte = static_cast<unsigned char>(*other);
    const char escape[] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    out.append(escape, sizeof escape);
    at = other + 1;
  }
}

std::optional<std::string> from_percent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const std::size_t at = std::min(text.find('%'), text.size());
    out.append(text, 0, at);
    if (at == text.size()) return out;
    if (text.size() - at < 3) return std::nullopt;
    unsigned int byte = 0;
    const char* digits = text.data() + at + 1;
    const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc() || end != digits + 2) return std::nullopt;
    out += static_cast<char>(byte);
    text.remove_prefix(at + 3);
  }
}

}  // namespace waybill
