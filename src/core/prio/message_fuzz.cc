#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "core/prio/message.h"

// Any text: what is read is written and read again as the same message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto intake = prio::decode_intake(text)) {
    const auto again = prio::decode_intake(prio::encode(*intake));
    WAYBILL_CHECK(again && *again == *intake, "an intake message is read as it was written");
  }
  if (const auto aggregate = prio::decode_aggregate(text)) {
    const auto again = prio::decode_aggregate(prio::encode(*aggregate));
    WAYBILL_CHECK(again && *again == *aggregate, "an aggregate message is read as it was written");
  }
  return 0;
}
