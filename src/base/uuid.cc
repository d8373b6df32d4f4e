#include "base/uuid.h"

#include <algorithm>

#include "base/digest.h"
#include "base/rng.h"

namespace waybill {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_dash(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

}  // namespace

// uuid_v5(DNS namespace, "waybill.tasks"), so that it can be derived again.
const Uuid kTaskNamespace = uuid_v5(Uuid{{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80,
                                          0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}},
                                    "waybill.tasks");

std::string to_string(const Uuid& id) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  for (const std::uint8_t byte : id.bytes) {
    if (is_dash(at)) ++at;
    text[at++] = kHex[byte >> 4];
    text[at++] = kHex[byte & 15];
  }
  return text;
}

std::string_view bytes_of(const Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

Uuid to_uuid(std::string_view bytes) {
  Uuid id;
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
  return id;
}

Result<Uuid> parse_uuid(std::string_view text) {
  Uuid id;
  bool valid = text.size() == 36;
  std::size_t nibble = 0;
  for (std::size_t i = 0; valid && i < text.size(); ++i) {
    if (is_dash(i)) {
      valid = text[i] == '-';
      continue;
    }
    const int digit = hex_digit(text[i]);
    valid = digit >= 0;
    if (!valid) break;
    id.bytes[nibble / 2] |= static_cast<std::uint8_t>(nibble % 2 == 0 ? digit << 4 : digit);
    ++nibble;
  }
  if (!valid) {
    return fail(Code::invalid_argument,
                "not an id: '" + std::string(text.substr(0, 64)) +
                    "'; an id looks like 0192f0c1-2a3b-7c4d-8e5f-60718293a4b5");
  }
  return id;
}

Uuid uuid_v5(const Uuid& name_space, std::string_view name) {
  std::string input(bytes_of(name_space));
  input += name;
  Uuid id = to_uuid(sha1(input));
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x50);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

Uuid UuidMaker::next(Time now) {
  const auto millis = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_micros(now) / 1000));
  // The 12 bits after the version count within a millisecond and carry into the next one.
  last_ = std::max(last_ + 1, millis << 12);
  const std::uint64_t stamp = last_ >> 12;
  const std::uint64_t counter = last_ & 0xfff;
  const std::uint64_t random = rng_.next();
  Uuid id;
  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(stamp >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | counter >> 8);
  id.bytes[7] = static_cast<std::uint8_t>(counter);
  for (std::size_t i = 0; i < 8; ++i)
    id.bytes[8 + i] = static_cast<std::uint8_t>(random >> (8 * i));
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

}  // namespace waybill
