#include "core/fetch/digest_fields.h"

#include <charconv>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/digest.h"
#include "core/artifact.h"

namespace waybill {
namespace {

constexpr std::size_t kSha256Bytes = 32;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<std::string> sha256_of_base64(std::string_view text) {
  if (text.size() >= 2 && text.front() == ':' && text.back() == ':') {
    text = text.substr(1, text.size() - 2);
  }
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != kSha256Bytes) return std::nullopt;
  return to_hex(*bytes);
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value < 0 || text.empty() || !is_digit(text.front())) return std::nullopt;
  return value;
}

/// The digits that begin a line, and the name after them.
struct SumLine {
  std::string sha256;
  std::string_view name;
};
std::optional<SumLine> sum_line(std::string_view line) {
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  std::string digits = to_lower(line.substr(0, end));
  if (!is_sha256_hex(digits)) return std::nullopt;
  std::string_view name = trimmed(line.substr(end));
  if (name.starts_with('*')) name.remove_prefix(1);
  if (name.starts_with("./")) name.remove_prefix(2);
  return SumLine{.sha256 = std::move(digits), .name = name};
}

}  // namespace

std::optional<std::string> sha256_of_field(std::string_view field) {
  while (!field.empty()) {
    const auto comma = std::min(field.find(','), field.size());
    const std::string_view part = trimmed(field.substr(0, comma));
    field.remove_prefix(std::min(comma + 1, field.size()));
    const auto equals = part.find('=');
    if (equals == part.npos || to_lower(part.substr(0, equals)) != "sha-256") continue;
    const std::string_view value = part.substr(equals + 1);
    if (auto digest = sha256_of_base64(value.substr(0, value.find(';')))) return digest;
  }
  return std::nullopt;
}

Result<std::string> sha256_in_sums(std::string_view text, std::string_view name) {
  std::optional<std::string> only;
  std::size_t lines = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = sum_line(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line) continue;
    if (line->name == name) return line->sha256;
    ++lines;
    only = line->sha256;
  }
  if (lines == 1) return *only;
  return fail(Code::not_found,
              lines == 0 ? "it holds no SHA-256"
                         : "it holds several SHA-256, none of them of " + std::string(name));
}

Result<std::string> read_sha256(std::string_view text) {
  std::string digits = to_lower(text);
  for (const std::string_view prefix : {"sha256:", "sha-256=", "sha256-"}) {
    if (digits.starts_with(prefix)) digits.erase(0, prefix.size());
  }
  if (digits.size() == 68 && digits.starts_with("1220")) digits.erase(0, 4);
  if (is_sha256_hex(digits)) return digits;
  return fail(Code::invalid_argument, "is no SHA-256: 64 hexadecimal digits");
}

std::optional<ContentRange> parse_content_range(std::string_view field) {
  if (to_lower(field.substr(0, 6)) != "bytes ") return std::nullopt;
  field.remove_prefix(6);
  const auto dash = field.find('-');
  const auto slash = field.find('/');
  if (dash == field.npos || slash == field.npos || dash > slash) return std::nullopt;
  const auto first = number_in(trimmed(field.substr(0, dash)));
  const auto last = number_in(trimmed(field.substr(dash + 1, slash - dash - 1)));
  const std::string_view total = trimmed(field.substr(slash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  ContentRange range{.first = *first, .last = *last};
  if (total == "*") return range;
  const auto whole = number_in(total);
  if (!whole || *whole <= *last) return std::nullopt;
  range.total = *whole;
  return range;
}

}  // namespace waybill
