#include "core/trace_context.h"

#include <algorithm>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::string_view kVersionNever = "ff";

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

/// Hexadecimal digits, not all of them zeros.
bool is_id(std::string_view text) {
  return std::ranges::all_of(text, is_hex) && text.find_first_not_of('0') != text.npos;
}

}  // namespace

bool is_traceparent(std::string_view text) {
  if (text.size() != 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const std::string_view version = text.substr(0, 2);
  return std::ranges::all_of(version, is_hex) && version != kVersionNever &&
         is_id(text.substr(3, 32)) && is_id(text.substr(36, 16)) &&
         std::ranges::all_of(text.substr(53), is_hex);
}

}  // namespace waybill
