// parse_target takes what anybody sends.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto target = waybill::http::parse_target(text);
  if (!target) return 0;
  if (target->segments.empty() || !waybill::is_utf8(target->path)) std::abort();
  for (const std::string& segment : target->segments) {
    if (!waybill::is_utf8(segment) || segment.find('\0') != segment.npos) std::abort();
  }
  for (const auto& [name, value] : target->query) {
    if (!waybill::is_utf8(name) || !waybill::is_utf8(value)) std::abort();
  }
  return 0;
}
