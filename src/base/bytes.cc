#include "base/bytes.h"

namespace waybill {

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

std::optional<std::uint8_t> ByteReader::byte() {
  if (rest_.empty()) return std::nullopt;
  const auto value = static_cast<std::uint8_t>(rest_[0]);
  rest_.remove_prefix(1);
  return value;
}

std::optional<std::uint64_t> ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto part = byte();
    if (!part || (shift == 63 && *part > 1)) return std::nullopt;
    value |= static_cast<std::uint64_t>(*part & 0x7f) << shift;
    if (*part < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> ByteReader::take(std::size_t size) {
  if (size > rest_.size()) return std::nullopt;
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::optional<std::string_view> ByteReader::text() {
  const auto size = varint();
  if (!size) return std::nullopt;
  return take(*size);
}

}  // namespace waybill
