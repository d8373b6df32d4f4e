#include "base/json_numbers.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "base/json.h"

namespace waybill {
namespace {

std::string lost_of(std::string_view text) {
  const auto parsed = json::parse(text);
  EXPECT_TRUE(parsed) << text;
  return json::whole_number_lost(text, *parsed).value_or("");
}

TEST(JsonNumbers, OneThat64BitsDoNotHoldIsSeen) {
  EXPECT_EQ(lost_of("18446744073709551616"), "18446744073709551616");
  EXPECT_EQ(lost_of("-9223372036854775809"), "-9223372036854775809");
  EXPECT_EQ(lost_of(R"({"a":[1,{"b":123456789012345678901234567890}]})"),
            "123456789012345678901234567890");
  EXPECT_EQ(lost_of(R"({"1e30":1e30,"9\"9":[99999999999999999999 ]})"), "99999999999999999999");
}

TEST(JsonNumbers, OneThatIsKeptOrMeansADoubleIsNone) {
  for (const char* text :
       {"18446744073709551615", "-9223372036854775808", "9007199254740993", "1e30", "1.5E+300",
        "123456789012345678901234567890.0", R"("99999999999999999999")",
        R"({"99999999999999999999":1e30})", R"(["\\\"", 1e20, "99999999999999999999"])", "[]"}) {
    EXPECT_EQ(lost_of(text), "") << text;
  }
  EXPECT_EQ(json::serialize(*json::parse("[9007199254740993,18446744073709551615]")),
            "[9007199254740993,18446744073709551615]");
}

RC_GTEST_PROP(JsonNumbers, ANumberIsKeptToItsLastBit, (std::uint64_t bits)) {
  const auto number = std::bit_cast<double>(bits);
  RC_PRE(std::isfinite(number));
  char text[32];
  std::snprintf(text, sizeof text, "%.16e", number);
  for (const std::string& whole : {std::string(text), "[" + std::string(text) + "]"}) {
    const auto read = json::parse(whole);
    RC_ASSERT(read.has_value());
    const auto& value = read->is_array() ? read->get_array()[0] : *read;
    RC_ASSERT(std::bit_cast<std::uint64_t>(value.get_double()) == bits);
    RC_ASSERT(json::parse(json::serialize(*read)) == *read);
  }
}

TEST(JsonNumbers, AFractionIsTheNearestDouble) {
  for (const double number : {0.1, 0.3, 1.1, 2.675, 1e23, 5e-324, 1.7976931348623157e308,
                              123456.789, 0.30000000000000004, 9007199254740993.0, 4.35, 8.41e21}) {
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", number);
    const auto read = json::parse(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->to_number<double>(), number) << text;
  }
}

}  // namespace
}  // namespace waybill
