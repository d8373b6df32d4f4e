// Any git source: it is refused, or nothing in it can be taken for an option or another protocol.
#include "core/git_source.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto source = parse_git_source(text);
  if (!source) {
    WAYBILL_CHECK(source.error().code == Code::invalid_argument, "a refusal is the caller's");
    return 0;
  }
  WAYBILL_CHECK(source->text == text, "it is kept as it was written");
  WAYBILL_CHECK(!source->repository.empty(), "there is a repository");
  for (const std::string& part : {source->repository, source->ref, source->directory}) {
    WAYBILL_CHECK(!part.starts_with('-'), "nothing is an option");
    WAYBILL_CHECK(part.find('\n') == part.npos && part.find('\0') == part.npos, "one line");
  }
  WAYBILL_CHECK(source->ref.find_first_of(":^~*?[ ") == source->ref.npos, "a ref is one ref");
  WAYBILL_CHECK(("/" + source->directory + "/").find("/../") == std::string::npos, "inside");
  const auto again = parse_git_source(source->text);
  WAYBILL_CHECK(again && *again == *source, "it is read the same again");
  return 0;
}
