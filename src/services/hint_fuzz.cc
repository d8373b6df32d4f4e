// A hint of a broker as anybody may publish it: it names a task, or is refused with a sentence.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "services/hint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const Message message{.id = "m",
                        .body = std::string(reinterpret_cast<const char*>(data), size),
                        .attributes = {},
                        .properties = {}};
  const auto hint = read_hint(message);
  if (hint) {
    WAYBILL_CHECK(parse_uuid(to_string(hint->task)) == hint->task, "a task that has no id");
  } else {
    WAYBILL_CHECK(hint.error().code == Code::invalid_argument, "a refusal of another kind");
  }
  return 0;
}
