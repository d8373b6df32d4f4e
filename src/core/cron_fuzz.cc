// The next time of whatever can be read is later, is found, and does not depend on when it was
// asked for. The first two bytes choose zone, policy and moment.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "core/cron.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  static const std::array kZones = {find_zone("UTC").value(), find_zone("Europe/Berlin").value(),
                                    find_zone("Australia/Lord_Howe").value(),
                                    find_zone("Pacific/Apia").value()};
  if (size < 2) return 0;
  const auto cron = parse_cron({reinterpret_cast<const char*>(data + 2), size - 2});
  if (!cron) return 0;
  const Zone& zone = *kZones[data[0] % kZones.size()];
  const auto policy = static_cast<DaylightPolicy>(data[0] / 4 % 3);
  // Around 2011, when Samoa left out a day, in steps of five days.
  const Time after = from_micros(1'300'000'000'000'000) + std::chrono::hours(120 * data[1]);
  const Time next = next_fire(*cron, zone, policy, after);
  WAYBILL_CHECK(next > after, "a fire that is not later");
  if (next == kTimeMax) return 0;
  for (const Time asked : {after + (next - after) / 2, next - Duration(1)}) {
    WAYBILL_CHECK(next_fire(*cron, zone, policy, asked) == next,
                  "a fire that depends on when it was asked for");
  }
  WAYBILL_CHECK(next_fire(*cron, zone, policy, next) > next, "a fire that is its own next");
  return 0;
}
