// What is read as a size is an amount, and is written so that it is read as about the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "core/size.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const auto bytes = parse_size({reinterpret_cast<const char*>(data), size});
  if (!bytes) {
    WAYBILL_CHECK(bytes.error().code == Code::invalid_argument, "a refusal of another kind");
    return 0;
  }
  WAYBILL_CHECK(*bytes >= 0, "a size below nothing");
  // Three digits after the point of a number that is at least one.
  const auto again = parse_size(format_size(*bytes));
  WAYBILL_CHECK(again.has_value(), "a size that cannot be read when it was written");
  WAYBILL_CHECK(std::llabs(*again - *bytes) <= *bytes / 1000 + 1,
                "a size that changed when it was written");
  return 0;
}
