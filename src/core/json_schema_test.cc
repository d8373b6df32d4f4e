#include "core/json_schema.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"

namespace waybill {
namespace {

using Texts = std::vector<std::string>;

Texts texts(const std::vector<SchemaViolation>& violations) {
  Texts result;
  for (const SchemaViolation& violation : violations) result.push_back(to_string(violation));
  return result;
}

Texts check(std::string_view schema, std::string_view instance) {
  const auto compilation = JsonSchema::compile(json::parse(schema).value(), standard_formats());
  if (!compilation.schema) return texts(compilation.problems);
  return texts(compilation.schema->check(json::parse(instance).value()));
}

Texts compile(std::string_view schema) {
  return texts(JsonSchema::compile(json::parse(schema).value(), standard_formats()).problems);
}

struct Case {
  const char* name;
  const char* schema;
  const char* instance;
  Texts violations;
};

class KeywordTest : public testing::TestWithParam<Case> {};

TEST_P(KeywordTest, FindsExactlyWhatIsWrong) {
  EXPECT_EQ(check(GetParam().schema, GetParam().instance), GetParam().violations);
}

const Case kCases[] = {
    {"TypeHolds", R"({"type":"integer"})", "7", {}},
    {"AWholeDoubleIsAnInteger", R"({"type":"integer"})", "7.0", {}},
    {"AWholeNumberMayBeBeyondEveryRegister", R"({"type":"integer"})", "1e300", {}},
    {"LargeIntegersAreComparedWithoutRounding",
     R"({"maximum":9223372036854775807})",
     "9223372036854775808",
     {"has to be at most 9223372036854775807, not 9223372036854775808"}},
    {"NegativeNumbersAreBelowLargeOnes",
     R"({"minimum":18446744073709551615})",
     "-1",
     {"has to be at least 18446744073709551615, not -1"}},
    {"TypeFails", R"({"type":"integer"})", "7.5", {"has to be a whole number, not 7.5E0"}},
    {"TypesFail", R"({"type":["string","null"]})", "[]", {"has to be a text or null, not []"}},
    {"EnumFailsWithHint",
     R"({"enum":["first","second"]})",
     R"("secnd")",
     {R"(has to be one of "first", "second", not "secnd"; did you mean "second"?)"}},
    {"ConstComparesNumbersByValue", R"({"const":1})", "1.0", {}},
    {"ConstFails", R"({"const":{"a":1}})", R"({"a":2})", {R"(has to be {"a":1}, not {"a":2})"}},
    {"MinimumHolds", R"({"minimum":1})", "1", {}},
    {"MinimumFails", R"({"minimum":1})", "0", {"has to be at least 1, not 0"}},
    {"MaximumFails", R"({"maximum":1})", "2", {"has to be at most 1, not 2"}},
    {"ExclusiveMinimumFails", R"({"exclusiveMinimum":1})", "1", {"has to be more than 1, not 1"}},
    {"ExclusiveMaximumFails", R"({"exclusiveMaximum":1})", "1", {"has to be less than 1, not 1"}},
    {"MultipleOfHolds", R"({"multipleOf":5})", "10", {}},
    {"MultipleOfFails", R"({"multipleOf":5})", "11", {"has to be a multiple of 5, not 11"}},
    {"MultipleOfAFractionHolds", R"({"multipleOf":0.1})", "0.3", {}},
    {"MultipleOfAFractionHoldsForANegative", R"({"multipleOf":0.01})", "-19.99", {}},
    {"MultipleOfAFractionHoldsForAWholeNumber", R"({"multipleOf":0.1})", "9007199254740993", {}},
    {"MultipleOfASmallFractionHolds", R"({"multipleOf":0.0001})", "0.0075", {}},
    {"MultipleOfASmallFractionFails",
     R"({"multipleOf":0.0001})",
     "0.00751",
     {"has to be a multiple of 1E-4, not 7.51E-3"}},
    {"MultipleOfIsNotBlindToASmallRest",
     R"({"multipleOf":0.1})",
     "1000000.0000001",
     {"has to be a multiple of 1E-1, not 1.0000000000001E6"}},
    {"MultipleOfFailsWhereTheRestCannotBeTold",
     R"({"multipleOf":0.123456789})",
     "1e308",
     {"has to be a multiple of 1.23456789E-1, not 1E308"}},
    {"MultipleOfIsExactForLargeIntegers",
     R"({"multipleOf":2})",
     "9007199254740993",
     {"has to be a multiple of 2, not 9007199254740993"}},
    {"MultipleOfAWholeStepInAnotherNotationFails",
     R"({"multipleOf":1e2})",
     "10000000000000002",
     {"has to be a multiple of 1E2, not 10000000000000002"}},
    {"MultipleOfTwoPointZeroFailsForAnOddNumber",
     R"({"multipleOf":2.0})",
     "9007199254740993",
     {"has to be a multiple of 2E0, not 9007199254740993"}},
    {"MultipleOfWholeNumbersBeyondRegistersHolds", R"({"multipleOf":1e20})", "3e20", {}},
    {"MultipleOfWholeNumbersBeyondRegistersFails",
     R"({"multipleOf":1e20})",
     "35e19",
     {"has to be a multiple of 1E20, not 3.5E20"}},
    {"MultipleOfLargeIntegersHolds", R"({"multipleOf":3})", "18446744073709551615", {}},
    {"MultipleOfAWholeNumberBeyondRegistersHolds", R"({"multipleOf":0.5})", "1e308", {}},
    {"MultipleOfHoldsForZero", R"({"multipleOf":0.7})", "0.0", {}},
    {"LengthCountsCharacters", R"({"maxLength":2})", R"("öä")", {}},
    {"MinLengthFails", R"({"minLength":1})", R"("")", {"needs at least 1 characters, has 0"}},
    {"PatternHolds", R"({"pattern":"^[a-z]+$"})", R"("abc")", {}},
    {"PatternFails",
     R"({"pattern":"^[a-z]+$"})",
     R"("Abc")",
     {R"("Abc" does not match "^[a-z]+$")"}},
    {"FormatFails",
     R"({"format":"size"})",
     R"("12 apples")",
     {"\"12 apples\" is no size; write a number and a unit, such as 256MiB (B, KiB, MiB, GiB, "
      "TiB, kB, MB, GB, TB)"}},
    {"FormatLeavesNumbersAlone", R"({"format":"size"})", "12", {}},
    {"RequiredFails", R"({"required":["a","b"]})", R"({"a":1})", {R"(the field "b" is missing)"}},
    {"PropertiesAreChecked",
     R"({"properties":{"a":{"type":"string"}}})",
     R"({"a":1,"b":2})",
     {"/a: has to be a text, not 1"}},
    {"UnknownFieldsAreNamed",
     R"({"properties":{"timeout":true},"additionalProperties":false})",
     R"({"timout":1})",
     {R"(/timout: unknown field "timout"; did you mean "timeout"?)"}},
    {"AdditionalPropertiesAreChecked",
     R"({"properties":{"a":true},"additionalProperties":{"type":"null"}})",
     R"({"a":1,"b":2})",
     {"/b: has to be null, not 2"}},
    {"PatternPropertiesAreChecked",
     R"({"patternProperties":{"^[0-9]+$":{"type":"string"}},"additionalProperties":false})",
     R"({"65":1,"x":2})",
     {"/65: has to be a text, not 1", R"(/x: unknown field "x")"}},
    {"PropertyNamesAreChecked",
     R"({"propertyNames":{"pattern":"^[a-z]+$"}})",
     R"({"A/B":1})",
     {R"(/A~1B: the name "A/B" does not match "^[a-z]+$")"}},
    {"ItemsAreChecked", R"({"items":{"type":"null"}})", "[null,1]", {"/1: has to be null, not 1"}},
    {"PrefixItemsComeBeforeItems",
     R"({"prefixItems":[{"const":1}],"items":{"const":2}})",
     "[1,1]",
     {"/1: has to be 2, not 1"}},
    {"MinItemsFails", R"({"minItems":1})", "[]", {"needs at least 1 elements, has 0"}},
    {"ContainsFails",
     R"({"contains":{"const":1}})",
     "[2]",
     {"has no element of the kind that is needed"}},
    {"UniqueItemsFails", R"({"uniqueItems":true})", "[1,2,1]", {"has 1 twice"}},
    {"AllOfListsAll",
     R"({"allOf":[{"minimum":5},{"multipleOf":2}]})",
     "3",
     {"has to be at least 5, not 3", "has to be a multiple of 2, not 3"}},
    {"AnyOfHolds", R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "null", {}},
    {"AnyOfNamesEveryForm",
     R"({"anyOf":[{"type":"string"},{"type":"null"}]})",
     "1",
     {"has to be a text, not 1, or has to be null, not 1"}},
    {"AnyOfNamesWhatTheNearestFormLacks",
     R"({"anyOf":[{"type":"string"},{"required":["a"]}]})",
     "{}",
     {R"(the field "a" is missing)"}},
    {"AnyOfFieldsIsAChoice",
     R"({"anyOf":[{"required":["a"]},{"required":["b"]},{"required":["c"]}]})",
     R"({"d":1})",
     {"give one of a, b or c"}},
    {"OneOfFailsIfTwoFit",
     R"({"oneOf":[{"minimum":1},{"minimum":2}]})",
     "3",
     {"fits 2 forms, but has to fit exactly one"}},
    {"OneOfFieldsIsAChoice",
     R"({"oneOf":[{"required":["a"]},{"required":["b"]},{"required":["c"]}]})",
     R"({"a":1,"b":2})",
     {"give one of a, b or c"}},
    {"OneOfFieldsIsAChoiceThatHasToBeMade",
     R"({"oneOf":[{"required":["a"]},{"required":["b"]}]})",
     "{}",
     {"give a or b"}},
    {"NotFails", R"({"not":{"type":"null"}})", "null", {"null is not allowed here"}},
    {"ThenIsChecked",
     R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
     R"({"a":1})",
     {R"(the field "b" is missing)"}},
    {"ElseIsChecked",
     R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
     "{}",
     {R"(the field "c" is missing)"}},
    {"ReferencesAreFollowed",
     R"({"$defs":{"n":{"type":"null"}},"items":{"$ref":"#/$defs/n"}})",
     "[1]",
     {"/0: has to be null, not 1"}},
    {"SchemasMayReferToThemselves",
     R"({"properties":{"next":{"$ref":"#"}},"additionalProperties":false})",
     R"({"next":{"next":{"x":1}}})",
     {R"(/next/next/x: unknown field "x")"}},
    {"FalseAllowsNothing",
     R"({"properties":{"a":false}})",
     R"({"a":1})",
     {"/a: nothing is allowed here"}},
    {"EveryViolationIsListed",
     R"({"properties":{"a":{"type":"null"},"b":{"type":"null"}},"required":["c"]})",
     R"({"a":1,"b":2})",
     {R"(the field "c" is missing)", "/a: has to be null, not 1", "/b: has to be null, not 2"}},
};

INSTANTIATE_TEST_SUITE_P(Keywords, KeywordTest, testing::ValuesIn(kCases),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(JsonSchemaTest, RefusesKeywordsThatItDoesNotKnow) {
  EXPECT_EQ(compile(R"({"properties":{"a":{"requird":["x"]}}})"),
            (Texts{R"(/properties/a/requird: unknown schema keyword "requird"; did you mean )"
                   R"("required"?)"}));
}

TEST(JsonSchemaTest, RefusesKeywordsOfTheWrongShape) {
  EXPECT_EQ(compile(R"({"type":"text","minLength":-1,"required":"a","enum":[],"multipleOf":0,
                        "items":[],"allOf":[],"uniqueItems":1,"maximum":"9","properties":[]})")
                .size(),
            10U);
}

TEST(JsonSchemaTest, RefusesPatternsThatAreNone) {
  EXPECT_EQ(compile(R"({"pattern":"a("})").size(), 1U);
  EXPECT_EQ(compile(R"({"patternProperties":{"[":true}})").size(), 1U);
}

TEST(JsonSchemaTest, RefusesPatternsThatCountFurtherThanTheLibraryCan) {
  // 2^32 + 1: cut to 32 bits, that would be once.
  EXPECT_EQ(compile(R"({"pattern":"^a{4294967297}$"})").size(), 1U);
  EXPECT_EQ(compile(R"({"pattern":"^a{1,4294967297}$"})").size(), 1U);
  EXPECT_EQ(compile(R"({"pattern":"(a)\\4294967297"})").size(), 1U);
  EXPECT_TRUE(
      compile(R"({"pattern":"^a{1,20}, 4294967297 [{4294967297}] \\{4294967297"})").empty());
}

TEST(JsonSchemaTest, RefusesReferencesToWhatIsNoSchema) {
  EXPECT_EQ(compile(R"({"$ref":"#/$defs/missing"})"),
            (Texts{R"(/$ref: "#/$defs/missing" points to no schema in this document)"}));
  EXPECT_EQ(compile(R"({"$ref":"#/default","default":{}})").size(), 1U);
  EXPECT_EQ(compile(R"({"$ref":"https://example.org/x"})").size(), 1U);
}

TEST(JsonSchemaTest, RefusesUnknownFormats) {
  EXPECT_EQ(compile(R"({"format":"emial"})").size(), 1U);
}

TEST(JsonSchemaTest, SchemasThatGoRoundInCirclesEnd) {
  EXPECT_EQ(check(R"({"$ref":"#"})", "1"),
            (Texts{"cannot be checked: the schema goes round in circles"}));
  EXPECT_FALSE(check(R"({"allOf":[{"$ref":"#"},{"$ref":"#"}]})", "1").empty());
}

TEST(JsonSchemaTest, WhatIsLargeIsCheckedToTheEnd) {
  std::string list = "[";
  for (int i = 0; i < 300'000; ++i) list += "1,";
  EXPECT_EQ(
      check(R"({"items":{"allOf":[{"type":"integer"},{"minimum":0},{"maximum":1}]}})", list + "2]"),
      (Texts{"/300000: has to be at most 1, not 2"}));
}

TEST(JsonSchemaTest, PatternsTakeLinearTime) {
  const std::string evil = '"' + std::string(5'000, 'a') + "!\"";
  EXPECT_EQ(check(R"({"pattern":"^(a+)+$"})", evil).size(), 1U);
}

TEST(CheckParamsTest, TakesAnyObjectWithoutASchema) {
  EXPECT_TRUE(check_params("", R"({"a":1})"));
  EXPECT_FALSE(check_params("", "[1]"));
  EXPECT_FALSE(check_params("", "{"));
}

TEST(CheckParamsTest, ListsEverythingThatIsWrong) {
  const Status status =
      check_params(R"({"properties":{"n":{"type":"integer"}},"required":["m"]})", R"({"n":"x"})");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::invalid_argument);
  EXPECT_EQ(status.error().message,
            R"(params the field "m" is missing; params /n: has to be a whole number, not "x")");
}

}  // namespace
}  // namespace waybill
