#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace waybill {

/// Names that nobody can use, in bounded memory: all are counted, the smallest are kept, so that
/// the order in which they come does not matter. A name that comes twice counts once if it is
/// among those kept; beyond them nobody remembers it.
class NameSample {
 public:
  struct Name {
    std::string text;
    std::uint8_t of = 0;  ///< the owner's own meaning, such as a bucket

    std::strong_ordering operator<=>(const Name&) const = default;
  };
  static constexpr std::size_t kKeptMax = 1000;

  void add(std::string_view text, std::uint8_t of);

  std::int64_t count() const { return count_; }
  const std::set<Name>& kept() const { return kept_; }

 private:
  std::set<Name> kept_;
  std::int64_t count_ = 0;
};

}  // namespace waybill
