#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

class Rng;

/// A 16-byte identifier (RFC 9562), ordered by its bytes.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return *this == Uuid{}; }
};

/// Lower case, with dashes: 36 characters.
std::string to_string(const Uuid& id);

/// Reads the 36-character form, either case. `invalid_argument` otherwise.
Result<Uuid> parse_uuid(std::string_view text);

/// The 16 bytes of an id; a view of it.
std::string_view bytes_of(const Uuid& id);

/// The id of 16 bytes; what is missing is zero.
Uuid to_uuid(std::string_view bytes);

/// Version 5 (RFC 9562, 5.5): the same name in the same namespace gives the same id, for ever.
Uuid uuid_v5(const Uuid& name_space, std::string_view name);

/// Namespace of task ids derived from a dedup key or marker name.
extern const Uuid kTaskNamespace;

/// Makes version 7 ids (RFC 9562, 5.7): ordered by time, and strictly increasing within one maker,
/// also when the clock stands still or steps back. Not thread-safe.
class UuidMaker {
 public:
  explicit UuidMaker(Rng& rng) : rng_(rng) {}
  Uuid next(Time now);

 private:
  Rng& rng_;
  std::uint64_t last_ = 0;  // milliseconds << 12 | counter
};

}  // namespace waybill

template <>
struct std::hash<waybill::Uuid> {
  std::size_t operator()(const waybill::Uuid& id) const noexcept {
    std::size_t high = 0;
    std::size_t low = 0;
    static_assert(sizeof(std::size_t) == 8);
    __builtin_memcpy(&high, id.bytes.data(), 8);
    __builtin_memcpy(&low, id.bytes.data() + 8, 8);
    return high * 0x9e3779b97f4a7c15ULL ^ low;
  }
};
