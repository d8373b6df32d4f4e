#include "core/pipeline/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "base/json.h"
#include "core/pipeline/template.h"

namespace waybill::pipeline {
namespace {

namespace bj = boost::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Contexts from JSON; `steps` is never whole.
class Fixture : public Names {
 public:
  explicit Fixture(std::string_view json = kContexts) : contexts_(json::parse(json).value()) {}

  const bj::value* find(std::string_view context) const override {
    return context == "steps" ? nullptr : member(contexts_, context);
  }
  const bj::value* find_member(std::string_view context, std::string_view name) const override {
    const bj::value* whole = member(contexts_, context);
    return whole == nullptr ? nullptr : member(*whole, name);
  }
  bool status(StatusFunction function) const override {
    return function == StatusFunction::success || function == StatusFunction::always;
  }

  static constexpr std::string_view kContexts = R"({
    "params": {"name": "Ann", "count": 3, "big": 9007199254740993, "list": [1, "Two", null],
               "deep": [{"a": {"x": 1}}, {"a": {"x": 2}}, {"b": 0}], "flag": false, "empty": "",
               "a-b": "dash", "object": {"k": [1, 2]}, "half": 0.5},
    "steps": {"build": {"result": "succeeded", "outputs": {"files": ["x", "y"]}}}})";

 private:
  static const bj::value* member(const bj::value& of, std::string_view name) {
    return of.is_object() ? of.get_object().if_contains(json::text(name)) : nullptr;
  }
  bj::value contexts_;
};

/// What an expression gives, as JSON; or the error.
std::string value_of(std::string_view text) {
  const auto parsing = Expression::parse(text);
  if (!parsing.expression) return "error: " + to_string(parsing.error);
  EvaluationBudget budget;
  const auto value = parsing.expression->evaluate(Fixture(), budget);
  return value ? json::serialize(*value) : "error: " + value.error().message;
}

struct Row {
  std::string text;
  std::string gives;
};

void expect_all(const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(value_of(row.text), row.gives) << row.text;
}

TEST(Expression, ReadsLiterals) {
  expect_all({{"null", "null"},
              {"true", "true"},
              {"711", "711"},
              {"-9.25", "-9.25E0"},
              {"0xff", "255"},
              {"0o17", "15"},
              {"2.5e3", "2500"},
              {"1e-2", "1E-2"},
              {"-2.99e-2", "-2.99E-2"},
              {"9007199254740993", "9007199254740993"},
              {"'It''s'", R"("It's")"},
              {"''", R"("")"},
              {" \n 'a' \t", R"("a")"}});
}

TEST(Expression, FollowsPathsAndTakesWhatIsNotThereForNull) {
  expect_all({{"params.name", R"("Ann")"},
              {"params['name']", R"("Ann")"},
              {"params.a-b", R"("dash")"},
              {"params.list[1]", R"("Two")"},
              {"params.list[1.9]", R"("Two")"},
              {"params.list[3]", "null"},
              {"params.list[-1]", "null"},
              {"params.list.name", "null"},
              {"params.none.of.these", "null"},
              {"params.7zip", "null"},
              {"params.object.0x1.5", "null"},
              {"params.object.k[0]", "1"},
              {"nothing", "null"},
              {"steps.build.outputs.files[0]", R"("x")"},
              {"steps['build'].result", R"("succeeded")"},
              {"steps.other.outputs", "null"}});
}

TEST(Expression, TakesMembersOfAllThatAFilterLeaves) {
  expect_all({{"params.deep.*.a.x", "[1,2]"},
              {"params.deep[*].a", R"([{"x":1},{"x":2}])"},
              {"params.object.*", "[[1,2]]"},
              {"params.object.*.*", "[1,2]"},
              {"params.name.*", "[]"},
              {"params.object.*[1]", "[2]"}});
}

TEST(Expression, TakesWhatStandsInParenthesesForAWhole) {
  expect_all({{"(params.object).k[1]", "2"},
              {"!(true && false)", "true"},
              {"!true && false", "false"},
              {"true || true && false", "true"},
              {"(true || true) && false", "false"},
              {"1 < 2 == true", "true"},
              {"fromJSON('{\"a\":[5]}').a[0]", "5"}});
}

TEST(Expression, GivesTheOperandThatDecides) {
  expect_all({{"params.empty || 'else'", R"("else")"},
              {"params.count && 'yes' || 'no'", R"("yes")"},
              {"params.flag && 'yes' || 'no'", R"("no")"},
              {"'' && 1", R"("")"},
              {"params.list && 1", "1"},
              {"!params.object", "false"},
              {"!0 && !'' && !null && !false", "true"}});
}

TEST(Expression, ComparesLooselyAsGitHubDoes) {
  expect_all({{"'ANN' == params.name", "true"},
              {"'3' == params.count", "true"},
              {"'0x3' == 3", "true"},
              {"' 3 ' == 3", "true"},
              {"'' == 0", "true"},
              {"null == 0", "true"},
              {"null == ''", "true"},
              {"true == 1", "true"},
              {"true == '1'", "true"},
              {"true == 'true'", "false"},
              {"'abc' == 0", "false"},
              {"'abc' != 0", "true"},
              {"params.list == 0", "false"},
              {"params.list == fromJSON('[1,\"Two\",null]')", "true"},
              {"params.list == fromJSON('[1,\"two\",null]')", "false"},
              {"params.object == fromJSON('{\"k\":[1.0,2]}')", "true"},
              {"'a' < 'B'", "true"},
              {"'b' > 'A'", "true"},
              {"'abc' < 1", "false"},
              {"'abc' >= 1", "false"},
              {"'10' > 9", "true"},
              {"null >= 0", "true"},
              {"params.big == 9007199254740992", "false"},
              {"'9007199254740993' == 9007199254740992", "false"},
              {"'9007199254740993' == 9007199254740993", "true"},
              {"18446744073709551615 == 18446744073709551614", "false"},
              {"18446744073709551615 > '18446744073709551614'", "true"},
              {"'0xffffffffffffffff' == 18446744073709551615", "true"},
              {"9007199254740993 == 9007199254740992.0", "false"},
              {"-9223372036854775808 < '-9223372036854775807'", "true"},
              {"1.0 == 1", "true"},
              {"1e300 > 18446744073709551615", "true"},
              {"params.half < 1", "true"}});
}

TEST(Expression, CallsItsFunctions) {
  expect_all({{"contains('Hello', 'ELL')", "true"},
              {"contains(params.list, 'two')", "true"},
              {"contains(params.list, 2)", "false"},
              {"contains(params.deep.*.a.x, 2)", "true"},
              {"startsWith('Hello', 'he')", "true"},
              {"endsWith('Hello', 'LO')", "true"},
              {"startsWith(params.count, 3)", "true"},
              {"format('{1}-{0} {{x}}', 'a', 2)", R"("2-a {x}")"},
              {"join(params.list, '+')", R"("1+Two+")"},
              {"join(params.list)", R"("1,Two,")"},
              {"join('one')", R"("one")"},
              {"toJSON(params.object)", R"("{\"k\":[1,2]}")"},
              {"toJSON(1.5)", R"("1.5")"},
              {"format('{0}', fromJSON('[1.5,{\"a\":[],\"b\":{}},\"x\",null,1e300]'))",
               R"("[1.5,{\"a\":[],\"b\":{}},\"x\",null,1e+300]")"},
              {"tojson(null)", R"("null")"},
              {"fromJSON('[1]')[0]", "1"},
              {"fromJSON(7)", "7"},
              {"success()", "true"},
              {"failure() || cancelled()", "false"},
              {"always()", "true"}});
}

TEST(Expression, SaysWhatAFunctionDoesNotTake) {
  expect_all({{"format('{1}', 1)", "error: column 1: format: there is no value for {1}"},
              {"'x' == format('{', 1)", "error: column 8: format: a brace is written {{"},
              {"format('}', 1)", "error: column 1: format: a brace is written }}"},
              {"contains(1)", "error: column 1: contains takes 2 arguments, here are 1"},
              {"join()", "error: column 1: join takes 1 to 2 arguments, here are 0"}});
  EXPECT_THAT(value_of("1 == fromJSON('{')"), HasSubstr("column 6: fromJSON: not JSON"));
}

TEST(Expression, SaysWhatIsWrongAndWhere) {
  expect_all(
      {{"", "error: column 1: there is no expression"},
       {"params.", "error: column 8: here should be a name after the dot, not the end"},
       {"a b", "error: column 3: here should be an operator or the end, not \"b\""},
       {"(a", "error: column 3: here should be \")\", not the end"},
       {"'ä' == x[", "error: column 10: here should be a value, not the end"},
       {"a == \"b\"",
        "error: column 6: \"\"\" has no meaning here; a text stands in single quotes: "
        "'text'"},
       {"a = b", "error: column 3: \"=\" has no meaning here; equal is =="},
       {"a + b", "error: column 3: \"+\" has no meaning here; there is no arithmetic"},
       {"12ab", "error: column 1: \"12ab\" is no number"},
       {"1e999", "error: column 1: \"1e999\" is no number"},
       {"'x", "error: column 1: this text has no closing quote (')"},
       {"\n\n  contans('a', 'b')",
        "error: line 3, column 3: there is no function \"contans\"; did you mean \"contains\"?"}});
}

TEST(Expression, PutsACaretUnderTheMistake) {
  const std::string text = "true &&\n 'ü' == nope()";
  const auto parsing = Expression::parse(text);
  ASSERT_FALSE(parsing.expression);
  EXPECT_EQ(with_caret(text, parsing.error), " 'ü' == nope()\n        ^");
}

TEST(Expression, RefusesWhatIsTooDeepOrTooLong) {
  EXPECT_THAT(value_of(std::string(200, '(') + "1" + std::string(200, ')')),
              HasSubstr("at most 50 levels deep"));
  EXPECT_THAT(value_of(std::string(100, '!') + "1"), HasSubstr("at most 50 levels deep"));
  std::string path = "a";
  for (int i = 0; i < 100; ++i) path += ".a";
  EXPECT_THAT(value_of(path), HasSubstr("at most 50 levels deep"));
  std::string chain = "0";
  for (int i = 0; i < 400; ++i) chain += "||0";
  EXPECT_EQ(value_of(chain), "0") << "a long condition is not a deep one";
  for (int i = 0; i < 1000; ++i) chain += "||0";
  EXPECT_THAT(value_of(chain), HasSubstr("at most 1000 parts"));
  EXPECT_THAT(value_of("'" + std::string(10'000, 'a') + "'"), HasSubstr("at most 8192 bytes"));
}

TEST(Expression, EndsAlsoWhereItsTextGrowsWithoutEnd) {
  std::string text = "'0123456789'";
  for (int i = 0; i < 24; ++i) text = "format('{0}{0}{0}{0}', " + text + ")";
  EXPECT_THAT(value_of(text), HasSubstr("more steps than an evaluation may"));
}

TEST(Expression, TellsWhatItReads) {
  const auto parsing = Expression::parse(
      "steps.a.outputs['x'].y && steps[params.which].result || params.list.*.q && matrix");
  ASSERT_TRUE(parsing.expression);
  EXPECT_THAT(parsing.expression->reads(),
              ::testing::ElementsAre(
                  ExpressionRead{"steps", {"a", "outputs", "x", "y"}, 0},
                  ExpressionRead{"steps", {}, 26}, ExpressionRead{"params", {"which"}, 32},
                  ExpressionRead{"params", {"list"}, 56}, ExpressionRead{"matrix", {}, 75}));
  EXPECT_FALSE(parsing.expression->asks_status());
  EXPECT_TRUE(Expression::parse("1 == 1 && always()").expression->asks_status());
}

std::string text_of(std::string_view text) {
  const auto parsing = Template::parse(text);
  if (!parsing.result) return "error: " + to_string(parsing.error);
  EvaluationBudget budget;
  const auto value = parsing.result->evaluate(Fixture(), budget);
  return value ? json::serialize(*value) : "error: " + value.error().message;
}

TEST(Template, KeepsTheTypeOfATextThatIsOneExpression) {
  EXPECT_EQ(text_of("${{ params.count }}"), "3");
  EXPECT_EQ(text_of("${{params.list}}"), R"([1,"Two",null])");
  EXPECT_EQ(text_of(" ${{ params.count }}"), R"(" 3")");
  EXPECT_EQ(text_of("n=${{ params.count }}, ${{ params.list }}!"), R"("n=3, [1,\"Two\",null]!")");
  EXPECT_EQ(text_of("${{ params.none }}x"), R"("x")");
  EXPECT_EQ(text_of("$ {{ }} plain"), R"("$ {{ }} plain")");
  EXPECT_EQ(text_of("${{ '${{ }}' }}"), R"("${{ }}")");
  EXPECT_EQ(text_of("${{ params.half }} ${{ params.flag }}"), R"("0.5 false")");
}

TEST(Template, SaysWhereInTheWholeTextSomethingIsWrong) {
  EXPECT_EQ(text_of("a\nb ${{ x + }}"),
            "error: line 2, column 9: \"+\" has no meaning here; there is no arithmetic");
  EXPECT_EQ(text_of("ab ${{ x"), "error: column 4: this expression has no closing }}");
}

TEST(Template, ReadsAConditionWithAndWithoutBraces) {
  EXPECT_TRUE(Template::parse_condition("params.count > 2").result);
  EXPECT_TRUE(Template::parse_condition("${{ params.count > 2 }}").result);
  EXPECT_FALSE(Template::parse_condition("params.count >").result);
  EXPECT_TRUE(Template::parse_condition("${{ params.count > 2 }}\n").result);
  EXPECT_TRUE(Template::parse_condition(" \n params.count > 2\n").result);
}

TEST(Template, TakesNoConditionThatWouldBeAText) {
  const auto error_of = [](std::string_view text) {
    const auto parsing = Template::parse_condition(text);
    return parsing.result ? "none" : std::to_string(parsing.error.offset) + parsing.error.message;
  };
  EXPECT_THAT(error_of("${{ params.x }} == 'y'"), StartsWith("16this has to be one expression"));
  EXPECT_THAT(error_of("${{ 'a' }}${{ 'b' }}"), StartsWith("10this has to be one expression"));
  EXPECT_THAT(error_of("  x${{ 'a' }}"), StartsWith("2this has to be one expression"));
  EXPECT_THAT(error_of("${{ 'a'"), StartsWith("0this expression has no closing"));
  EXPECT_EQ(error_of("${{ '}}' == '${{' }}\n"), "none");
}

TEST(TreeTemplate, ReplacesTheTextsOfATree) {
  const auto tree =
      json::parse(R"({"a": ["${{ params.count }}", 5, {"b": "x${{ 1 }}"}], "c": "d"})");
  const auto parsing = TreeTemplate::parse(*tree);
  ASSERT_TRUE(parsing.result);
  EXPECT_EQ(parsing.result->places().size(), 2U);
  EXPECT_EQ(parsing.result->places()[1].pointer, "/a/2/b");
  EvaluationBudget budget;
  EXPECT_EQ(json::serialize(*parsing.result->evaluate(Fixture(), budget)),
            R"({"a":[3,5,{"b":"x1"}],"c":"d"})");
}

TEST(TreeTemplate, NamesAllThatIsWrong) {
  const auto tree = json::parse(R"({"a/b": "${{ nope() }}", "${{ 1 }}": 2})");
  const auto parsing = TreeTemplate::parse(*tree);
  ASSERT_EQ(parsing.violations.size(), 2U);
  EXPECT_EQ(to_string(parsing.violations[0]),
            "/a~1b: in \"${{ nope() }}\", column 5: there is no function \"nope\"");
  EXPECT_EQ(parsing.violations[1].of, SchemaViolation::Of::key);
}

/// Anything that can be put together from the pieces of the language, sound or not.
rc::Gen<std::string> any_text() {
  const auto piece = rc::gen::element<std::string>(
      "params", ".", "deep", "list", "*", "[", "]", "(", ")", "'x'", "1", "0x1f", "null", "true",
      " && ", " || ", "!", " == ", " < ", " >= ", ",", "format", "contains", "toJSON", "fromJSON",
      "join", "steps", "build", "always()", "'{0}{1}'", "'", "-", "\n");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const auto& pieces) {
    std::string text;
    for (const auto& each : pieces) text += each;
    return text;
  });
}

RC_GTEST_PROP(ExpressionProperty, EveryTextHasAValueOrAPlaceOfItsMistake, ()) {
  const std::string text = *any_text();
  const auto parsing = Expression::parse(text);
  if (!parsing.expression) {
    RC_ASSERT(parsing.error.offset <= text.size());
    RC_ASSERT(!parsing.error.message.empty());
    RC_ASSERT(parsing.error.at == position_of(text, parsing.error.offset));
    return;
  }
  EvaluationBudget first;
  EvaluationBudget second;
  const auto once = parsing.expression->evaluate(Fixture(), first);
  const auto again = parsing.expression->evaluate(Fixture(), second);
  RC_ASSERT(once.has_value() == again.has_value());
  if (once) RC_ASSERT(json::serialize(*once) == json::serialize(*again));
}

/// A sound expression, `size` deep.
rc::Gen<std::string> sound_text(int size) {
  if (size == 0) {
    return rc::gen::element<std::string>("params.name", "params.list", "params.count", "null", "''",
                                         "'a'", "0", "-1.5", "true", "params.deep.*.a", "false");
  }
  return rc::gen::mapcat(rc::gen::inRange(0, 6), [size](int which) {
    const auto two = rc::gen::pair(sound_text(size - 1), sound_text(size - 1));
    return rc::gen::map(two, [which](const std::pair<std::string, std::string>& of) {
      static const char* const kOperators[] = {" == ", " < ", " >= ", " && ", " || ", " != "};
      return "(" + of.first + kOperators[which] + of.second + ")";
    });
  });
}

std::string condition(const std::string& text) { return value_of("!!(" + text + ")"); }

RC_GTEST_PROP(ExpressionProperty, OperatorsKeepTheLawsOfLogic, ()) {
  const std::string a = *sound_text(*rc::gen::inRange(0, 3));
  const std::string b = *sound_text(*rc::gen::inRange(0, 3));
  RC_ASSERT(condition("!(" + a + " && " + b + ")") == condition("!(" + a + ") || !(" + b + ")"));
  RC_ASSERT(value_of("(" + a + ") != (" + b + ")") == value_of("!((" + a + ") == (" + b + "))"));
  RC_ASSERT(value_of("(" + a + ") == (" + b + ")") == value_of("(" + b + ") == (" + a + ")"));
  RC_ASSERT(value_of("(" + a + ") < (" + b + ")") == value_of("(" + b + ") > (" + a + ")"));
  const std::string less = value_of("(" + a + ") < (" + b + ")");
  RC_ASSERT(!(less == "true" && value_of("(" + a + ") >= (" + b + ")") == "true"));
}

RC_GTEST_PROP(TemplateProperty, ATextWithoutExpressionsIsItself, (std::string text)) {
  RC_PRE(text.find("${{") == std::string::npos && text.find('\0') == std::string::npos);
  EvaluationBudget budget;
  const auto value = Template::parse(text).result->evaluate(Fixture(), budget);
  RC_ASSERT(value_text(*value) == text);
}

}  // namespace
}  // namespace waybill::pipeline
