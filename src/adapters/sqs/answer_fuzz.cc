#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/sqs/wire.h"
#include "base/check.h"
#include "base/log.h"

// Any answer of SNS or SQS, in XML or JSON: every delivery that is read can be acked, and what
// failed says why.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  log::configure(log::Level::off, log::Format::json);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& [id, answer] : sqs::decode_publish_answer(text)) {
    WAYBILL_CHECK(answer || !answer.error().message.empty(), "a failed entry says why");
  }
  if (const auto answers = sqs::decode_batch_answer(text)) {
    for (const auto& [id, answer] : *answers) {
      WAYBILL_CHECK(answer || !answer.error().message.empty(), "a failed entry says why");
    }
  }
  if (const auto deliveries = sqs::decode_received(text, "id")) {
    for (const Delivery& delivery : *deliveries) {
      WAYBILL_CHECK(!delivery.receipt.empty(), "a delivery has a receipt");
      WAYBILL_CHECK(delivery.delivery_count > 0, "a delivery counts itself");
    }
  }
  const Error error = sqs::error_of({.status = 400, .body = std::string(text)}, "asking", Time{});
  WAYBILL_CHECK(!error.message.empty(), "an error says what was done");
  return 0;
}
