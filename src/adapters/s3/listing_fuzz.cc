#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/s3/wire.h"
#include "base/check.h"

// Any answer: read or refused with a reason; keys are never empty.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const auto page = s3::parse_listing(xml);
  if (!page) {
    WAYBILL_CHECK(!page.error().message.empty(), "a refusal says why");
  } else {
    for (const ObjectInfo& object : page->objects) {
      WAYBILL_CHECK(!object.key.empty(), "an object has a key");
    }
  }
  s3::parse_error(xml);
  return 0;
}
