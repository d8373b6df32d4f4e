#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "core/batches/path_template.h"

// A template and a key, separated by a newline: a key that matches is written back by the template.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto path =
      batches::PathTemplate::compile(text.substr(0, line), {"a", "b.a", "batch", "batch.sig"});
  if (!path) {
    WAYBILL_CHECK(path.error().message.starts_with("path: at byte "), "a refusal says where");
    return 0;
  }
  const std::string_view key = text.substr(line + 1);
  const batches::PathMatch match = path->match("east", key);
  if (match.kind != batches::PathMatch::Kind::part) return 0;
  WAYBILL_CHECK(path->key("east", match.time, match.batch, match.part) == key,
                "a key is read as it was written");
  WAYBILL_CHECK(key.starts_with(path->prefix("east")), "a listing's prefix leaves no batch out");
  WAYBILL_CHECK(key > path->lower_bound("east", match.time), "nor does its lower bound");
  return 0;
}
