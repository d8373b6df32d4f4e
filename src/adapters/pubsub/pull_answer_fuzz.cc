#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/pubsub/wire.h"
#include "base/check.h"
#include "base/log.h"

// Any answer to a pull: every delivery that is read can be acked, or all is refused with a reason.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  log::configure(log::Level::off, log::Format::json);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto deliveries = pubsub::decode_pull(text, "id");
  if (!deliveries) {
    WAYBILL_CHECK(!deliveries.error().message.empty(), "a refusal says why");
    return 0;
  }
  for (const Delivery& delivery : *deliveries) {
    WAYBILL_CHECK(!delivery.receipt.empty(), "a delivery has a receipt");
    WAYBILL_CHECK(delivery.delivery_count > 0, "a delivery counts itself");
  }
  return 0;
}
