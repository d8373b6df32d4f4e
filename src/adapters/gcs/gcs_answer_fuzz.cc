#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/gcs/refusal.h"
#include "adapters/gcs/wire.h"
#include "base/check.h"

// Any answer: read or refused with a reason; keys and prefixes are never empty.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto page = gcs::parse_listing(json);
  if (!page) {
    WAYBILL_CHECK(!page.error().message.empty(), "a refusal says why");
  } else {
    for (const ObjectInfo& object : page->objects) {
      WAYBILL_CHECK(!object.key.empty(), "an object has a key");
    }
    for (const std::string& prefix : page->prefixes) {
      WAYBILL_CHECK(!prefix.empty(), "a prefix is not empty");
    }
  }
  gcs::parse_put_name(json);
  for (const int status : {403, 404, 503}) {
    const Error error = gcs::refusal({.status = status, .body = std::string(json)}, "get", Time{});
    for (const char c : error.message) {
      WAYBILL_CHECK(static_cast<unsigned char>(c) >= ' ', "a message is one line");
    }
  }
  return 0;
}
