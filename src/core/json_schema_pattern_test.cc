#include "core/json_schema_pattern.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"

namespace waybill {
namespace {

/// Every text is judged as std::regex alone would.
TEST(SchemaPattern, JudgesAsTheRegularExpressionDoes) {
  Rng rng(1);
  for (const std::string pattern :
       {"^[a-z0-9._-]+$", "^[!-~]+$", "^[ -~]+$", "^[a-]+$", "^[-a]+$", "^[a]+$", "^[0-9a-f]{16}$",
        "^[^=]+=", "^[a\\-z]+$", "^[[:alpha:]]+$", "[a-z]+", "^[a-z]+", "^[a-z]+$|^[0-9]+$"}) {
    const SchemaPattern ours(pattern, std::regex::ECMAScript);
    const std::regex theirs(pattern, std::regex::ECMAScript);
    for (int i = 0; i < 3000; ++i) {
      std::string text;
      for (std::uint64_t left = rng.below(5); left > 0; --left) {
        const bool odd = rng.below(4) == 0;
        text += odd ? static_cast<char>(rng.below(256)) : "abcez09._-]=+"[rng.below(13)];
      }
      ASSERT_EQ(ours.matches(text), std::regex_search(text, theirs)) << pattern << ": " << text;
    }
  }
}

}  // namespace
}  // namespace waybill
