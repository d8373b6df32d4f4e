// Any URL of a directory: what is read is absolute, and its own URL leads to it again.
#include "adapters/file/file_url.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const auto path = parse_file_url({reinterpret_cast<const char*>(data), size});
  if (!path) {
    WAYBILL_CHECK(!path.error().message.empty(), "a refusal says why");
    return 0;
  }
  WAYBILL_CHECK(path->starts_with('/'), "a path is absolute");
  WAYBILL_CHECK(path->find('\0') == path->npos, "a path ends where it ends");
  const auto again = parse_file_url(to_file_url(*path));
  WAYBILL_CHECK(again && *again == *path, "a path's URL leads to it");
  return 0;
}
