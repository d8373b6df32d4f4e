#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tidy/ratchet.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/source.h"

namespace waybill::tidy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> rules_broken_by(const std::string& path, const std::string& text) {
  std::vector<std::string> rules;
  for (const auto& finding : check_all({make_source(path, text)})) rules.push_back(finding.rule);
  return rules;
}

std::string repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(TheTree, HasNoFindingsBeyondTheRatchet) {
  const auto sources = load_tree(".");
  ASSERT_GT(sources.size(), 50U) << "run it from the top of the tree";
  std::string ratchet;
  for (const auto& source : sources)
    if (source.path == "tests/tidy/ratchet.txt") ratchet = source.text;
  EXPECT_THAT(compare(parse_ratchet(ratchet), check_all(sources)), IsEmpty());
}

/// A planted violation, the rule that must see it, and a near miss that must pass.
struct Planted {
  std::string rule;
  std::string path;
  std::string bad;
  std::string good;
};

class PlantedViolation : public testing::TestWithParam<Planted> {};

TEST_P(PlantedViolation, IsCaughtAndTheNearMissIsNot) {
  const auto& planted = GetParam();
  EXPECT_THAT(rules_broken_by(planted.path, planted.bad), ElementsAre(planted.rule));
  EXPECT_THAT(rules_broken_by(planted.path, planted.good), IsEmpty());
}

const std::string kPragma = "#pragma once\n";

INSTANTIATE_TEST_SUITE_P(
    Layers, PlantedViolation,
    testing::Values(Planted{"layers", "src/base/a.cc", "#include \"core/task.h\"\n",
                            "#include \"base/time.h\"\n"},
                    Planted{"layers", "src/core/a.cc", "#include \"ports/clock.h\"\n",
                            "#include \"base/time.h\"\n"},
                    Planted{"layers", "src/ports/a.cc", "#include \"services/worker.h\"\n",
                            "#include \"core/task.h\"\n"},
                    Planted{"layers", "src/services/a.cc",
                            "#include \"adapters/file/object_store.h\"\n",
                            "#include \"ports/queue.h\"\n"},
                    Planted{"layers", "src/adapters/amqp/a.cc",
                            "#include \"adapters/sqlite/ledger.h\"\n",
                            "#include \"adapters/amqp/queue.h\"\n"},
                    Planted{"layers", "src/kinds/http/a.cc", "#include \"kinds/command/kind.h\"\n",
                            "#include \"kinds/http/kind.h\"\n"},
                    Planted{"layers", "src/services/a.cc", "#include \"testing/fake_ledger.h\"\n",
                            "#include \"services/worker.h\"\n"},
                    Planted{"layers", "apps/waybill/a.cc", "#include \"testing/fake_ledger.h\"\n",
                            "#include \"adapters/sqlite/ledger.h\"\n"},
                    Planted{"layers", "src/services/a_test.cc", "#include \"http/server.h\"\n",
                            "#include \"testing/fake_ledger.h\"\n"}));

INSTANTIATE_TEST_SUITE_P(
    ThirdParty, PlantedViolation,
    testing::Values(Planted{"third-party", "src/core/a.h", kPragma + "#include <boost/json.hpp>\n",
                            kPragma + "#include <string>\n"},
                    Planted{"third-party", "src/core/a.h",
                            kPragma + "#include <boost/json/value.hpp>\n",
                            kPragma + "#include <boost/json/fwd.hpp>\n"},
                    Planted{"third-party", "src/core/a.cc", "#include <spdlog/spdlog.h>\n",
                            "#include \"base/log.h\"\n"},
                    Planted{"third-party", "src/services/a.cc", "#include <sqlite3.h>\n",
                            "#include <boost/json.hpp>\n"},
                    Planted{"third-party", "src/adapters/file/a.cc", "#include <libpq-fe.h>\n",
                            "#include <fcntl.h>\n"},
                    Planted{"third-party", "src/core/a.cc", "#include <gtest/gtest.h>\n",
                            "#include <vector>\n"},
                    Planted{"third-party", "src/core/task.h",
                            kPragma + "#include <tl/expected.hpp>\n",
                            kPragma + "#include \"base/result.h\"\n"}));

INSTANTIATE_TEST_SUITE_P(
    Sizes, PlantedViolation,
    testing::Values(
        Planted{"line-length", "src/core/a.cc", "// " + repeat("x", 98) + "\n",
                "// " + repeat("x", 97) + "\n"},
        Planted{"line-length", "src/core/a.cc", "// " + repeat("é", 98) + "\n",
                "// " + repeat("é", 97) + "\n"},
        Planted{"file-length", "src/core/a.cc", repeat("int a;\n", 401), repeat("int a;\n", 400)},
        Planted{"function-length", "src/core/a.cc",
                "int f(int a)\n{\n" + repeat("  g({a});\n", 69) + "}\n",
                "int f(int a)\n{\n" + repeat("  g({a});\n", 68) + "}\n"},
        Planted{"function-length", "src/core/a.h",
                kPragma + "namespace a {\nclass B : C {\n  void d() const {\n" +
                    repeat("if (e) { f(); }\n", 69) + "}\n};\n}\n",
                kPragma + "namespace a {\nstruct B {\n" + repeat("int f();\n", 100) + "};\n}\n"},
        Planted{"function-length", "src/core/a_test.cc",
                "TEST(A, B) {\n" + repeat("\n", 69) + "}\n",
                "const char* kText = R\"({ f() {\n" + repeat("\n", 69) + "})\";\n"},
        Planted{"interface-width", "src/ports/a.h",
                kPragma + "class A {\n  virtual ~A() = default;\n" +
                    repeat("  virtual int f() = 0;\n", 10) + "};\n",
                kPragma + "class A {\n  virtual ~A() = default;\n" +
                    repeat("  virtual int f() = 0;\n", 9) + "};\n"}));

INSTANTIATE_TEST_SUITE_P(
    Words, PlantedViolation,
    testing::Values(
        Planted{"pragma-once", "src/core/a.h", "#include <string>\n", kPragma},
        Planted{"owning-new", "src/core/a.cc", "auto a = new Task;\n",
                "auto a = f(\"new Task\");  // new Task\n"},
        Planted{"owning-new", "src/core/a.cc", "delete[] a;\n",
                "return std::unique_ptr<A>(\n    new A(b));\n"},
        Planted{"bare-mutex", "src/services/a.cc", "std::mutex a;\n", "Mutex a;\n"},
        Planted{"bare-clock", "src/services/a.cc", "auto a = std::chrono::steady_clock::now();\n",
                "std::chrono::steady_clock::time_point a;\n"},
        Planted{"bare-clock", "src/services/a.cc", "auto a = std::time(nullptr);\n",
                "auto a = to_time(b);\n"},
        Planted{"sleep", "src/services/a_test.cc", "std::this_thread::sleep_for(a);\n",
                "clock.wait_until(a, b);\n"},
        Planted{"bare-random", "src/core/a.cc", "std::random_device a;\n", "Rng a(seed);\n"},
        Planted{"coroutine", "src/core/a.cc", "co_return 1;\n", "return 1;\n"},
        Planted{"throw", "src/core/a.cc", "throw 1;\n", "// a library may throw\n"},
        Planted{"fork", "src/kinds/command/a.cc", "if (fork() == 0) {}\n", "Rng b = a.fork();\n"},
        Planted{"detach", "src/services/a.cc", "thread.detach();\n", "thread.join();\n"},
        Planted{"using-namespace", "src/core/a.cc", "using namespace std;\n",
                "using namespace std::chrono;\nusing namespace std::chrono_literals;\n"},
        Planted{"range-views", "src/core/a.cc", "std::ranges::unique(a);\n",
                "std::ranges::sort(a);\n"},
        Planted{"disabled-test", "src/core/a_test.cc", "TEST(A, DISABLED_B) {}\n",
                "TEST(A, Disabled) {}\n"},
        Planted{"postgres-13", "migrations/postgres/0099_a.sql", "MERGE INTO waybill.tasks\n",
                "SELECT merge FROM a -- no MERGE INTO here\n"},
        Planted{"postgres-13", "src/adapters/postgres/sql/a.sql", "SELECT uuidv7()\n",
                "SELECT gen_random_uuid()\n"},
        Planted{"to-do", "a.md", std::string("TO") + "DO: later\n", "to do: later\n"},
        Planted{"machine-path", "a.md", std::string("see /ro") + "ot/a\n",
                "see /var/lib/waybill\n"},
        Planted{"machine-path", "a.md", std::string("see ../sha") + "red/a\n", "see ../share/a\n"},
        Planted{"dead-reference", "src/core/a.cc", std::string("// see do") + "cs/b.md\n",
                std::string("// see http://a.b/do") + "c/b.md\n"},
        Planted{"package-host", "a.md", std::string("https://deb.deb") + "ian.org/\n",
                "Debian 12\n"}));

TEST(Exceptions, AreOnlyForTheirPlaces) {
  EXPECT_THAT(rules_broken_by("src/base/mutex.h", kPragma + "std::mutex mutex_;\n"), IsEmpty());
  EXPECT_THAT(rules_broken_by("src/adapters/local/clock.cc", "auto a = steady_clock::now();\n"),
              IsEmpty());
  EXPECT_THAT(rules_broken_by("src/services/a_test.cc", "throw 1;\n"), IsEmpty());
  EXPECT_THAT(
      rules_broken_by("src/adapters/sqlite/statement.h", kPragma + "#include <sqlite3.h>\n"),
      IsEmpty());
}

TEST(Blanking, KeepsLinesAndCodeAndDropsTheRest) {
  const auto source = make_source(
      "src/core/a.cc", "int a = 1'000; // b\n/* c\n d */ char e = '\"'; f(\"g\\\"h\");\n");
  EXPECT_EQ(source.code, "int a = 1'000;     \n    \n      char e = ' '; f(\"    \");\n");
}

TEST(Ratchet, LetsAnEntryStayAsItIs) {
  const Findings findings = {{"file-length", "src/a.cc", 450, 450, "450 lines"}};
  EXPECT_THAT(compare(parse_ratchet("file-length src/a.cc 450 a table\n"), findings), IsEmpty());
}

TEST(Ratchet, RefusesGrowth) {
  const Findings findings = {{"file-length", "src/a.cc", 451, 451, "451 lines"}};
  EXPECT_THAT(compare(parse_ratchet("file-length src/a.cc 450 a table\n"), findings),
              ElementsAre(HasSubstr("451 lines")));
}

TEST(Ratchet, AsksToBeTightenedAfterShrinking) {
  const Findings findings = {{"throw", "src/a.cc", 3, 1, "we throw nothing"}};
  EXPECT_THAT(compare(parse_ratchet("throw src/a.cc 2 old\n"), findings),
              ElementsAre(HasSubstr("down to 1")));
}

TEST(Ratchet, WantsAReason) {
  EXPECT_THAT(compare(parse_ratchet("throw src/a.cc 0\n"), {}), Contains(HasSubstr("reason")));
}

}  // namespace
}  // namespace waybill::tidy
