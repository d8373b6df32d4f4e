#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// Appends 7 bits a byte, lowest first (LEB128): 1 byte below 128, 10 at most.
void put_varint(std::string& out, std::uint64_t value);
/// Appends the length as a varint, then the bytes.
void put_text(std::string& out, std::string_view text);

/// Reads what the put functions wrote. Each answers nothing once the bytes do not fit.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }

  std::optional<std::uint8_t> byte();
  std::optional<std::uint64_t> varint();
  /// Views into the bytes given.
  std::optional<std::string_view> take(std::size_t size);
  std::optional<std::string_view> text();

 private:
  std::string_view rest_;
};

}  // namespace waybill
