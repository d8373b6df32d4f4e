// Text that is JSON is the same value after it was written again, and what is said of it beside its
// value holds of that too.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "base/json_duplicates.h"
#include "base/json_numbers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = json::parse(text);
  if (!value) {
    WAYBILL_CHECK(value.error().code == Code::invalid_argument, "a refusal of another kind");
    return 0;
  }
  (void)json::member_twice(text, *value);
  (void)json::whole_number_lost(text, *value);
  const std::string written = json::serialize(*value);
  const auto again = json::parse(written);
  WAYBILL_CHECK(again && *again == *value, "a value that changed when it was written");
  WAYBILL_CHECK(!json::member_twice(written, *again), "what is written has no member twice");
  WAYBILL_CHECK(!json::whole_number_lost(written, *again), "what is written loses no number");
  WAYBILL_CHECK(json::canonical(*value) == json::canonical(*again),
                "equal values with two canonical texts");
  return 0;
}
