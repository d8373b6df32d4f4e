// Any bytes are a token that is read the same again, or are refused with a reason; and none of them
// is believed for a key that has signed nothing of it.
#include "adapters/oidc/jws.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

namespace {

// RFC 7517, A.1; whoever has the private half is not the fuzzer.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  using Verdict = oidc::KeySet::Verdict;
  static const oidc::KeySet keys = oidc::KeySet::parse(kKeys).value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto token = oidc::parse_jws(text);
  if (!token) {
    WAYBILL_CHECK(token.error().code == Code::unauthenticated, "a refusal of another kind");
    WAYBILL_CHECK(!token.error().message.empty(), "a refusal says why");
  } else {
    WAYBILL_CHECK(text.starts_with(token->signed_text + "."), "what is signed is what came");
    WAYBILL_CHECK(keys.verify(*token) != Verdict::good, "believed without a signature");
  }
  const auto set = oidc::KeySet::parse(text);
  if (!set) WAYBILL_CHECK(set.error().code == Code::unavailable, "keys refused otherwise");
  return 0;
}
