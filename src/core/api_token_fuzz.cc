// What is read as a token is written as it was read; nothing else is taken for one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "core/api_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto token = parse_api_token(text);
  if (!token) return 0;
  WAYBILL_CHECK(is_token_id(token->id), "a token with an id that is none");
  WAYBILL_CHECK(token->secret.size() == kTokenSecretBytes, "a secret of another length");
  WAYBILL_CHECK(to_string(*token) == text, "two texts are the same token");
  return 0;
}
