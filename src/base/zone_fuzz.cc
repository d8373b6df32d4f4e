// A zone that can be read has one offset between two changes, another one after each, and an end.
// The first byte chooses: a whole TZif file, or a rule for the footer of an otherwise empty one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/zone.h"

namespace {

using namespace waybill;

constexpr int kChangesMax = 60;

std::string file_with_rule(std::string_view rule) {
  const std::string header = std::string("TZif3") + std::string(15 + 16, '\0') +
                             std::string("\0\0\0\1", 4) + std::string(4, '\0');
  const std::string type(6, '\0');
  return header + type + header + type + "\n" + std::string(rule) + "\n";
}

void walk(const Zone& zone) {
  Time time = from_micros(-4'000'000'000'000'000);
  for (int i = 0; i < kChangesMax; ++i) {
    const Duration offset = zone.offset_at(time);
    WAYBILL_CHECK(offset > std::chrono::hours(-26) && offset < std::chrono::hours(26),
                  "an offset of more than a day");
    const Time next = zone.next_change(time);
    WAYBILL_CHECK(next > time, "a change that is not later");
    WAYBILL_CHECK(zone.offset_at(next - Duration(1)) == offset, "a change that was left out");
    if (next == kTimeMax) return;
    WAYBILL_CHECK(zone.offset_at(next) != offset, "a change that changes nothing");
    time = next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto zone = parse_zone("fuzz", data[0] == 'r' ? file_with_rule(text) : std::string(text));
  if (zone) walk(**zone);
  return 0;
}
