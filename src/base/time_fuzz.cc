// What is read as a time or a duration is written so that it is read as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/time.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto time = parse_time(text)) {
    const auto again = parse_time(format_time(*time));
    WAYBILL_CHECK(again && *again == *time, "a time changed when it was written");
  }
  if (const auto duration = parse_duration(text)) {
    const auto again = parse_duration(format_duration(*duration));
    WAYBILL_CHECK(again && *again == *duration, "a duration changed when it was written");
  }
  return 0;
}
