#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "tests/conformance/chronicle/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ChronicleConformance);

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Time kNow{1'800'000'000s};

ScanPass a_pass(std::string scan, std::string report, Duration later = 0s) {
  return {.scan = std::move(scan),
          .first_at = kNow + later,
          .last_at = kNow + later,
          .summary = R"({"objects_listed":3})",
          .report = std::move(report)};
}

DefinitionVersion a_version(std::string name, std::string definition, Duration later = 0s) {
  return {.map = "tasks",
          .name = std::move(name),
          .since = kNow + later,
          .repository = "https://git.example/x",
          .commit = std::string(40, 'a'),
          .file = "tasks/ü.yaml",
          .line = 7,
          .definition = std::move(definition)};
}

template <class Row>
std::vector<std::int64_t> numbers_of(const Result<std::vector<Row>>& rows) {
  EXPECT_TRUE(rows.has_value()) << rows.error().message;
  std::vector<std::int64_t> numbers;
  if (!rows) return numbers;
  for (const Row& row : *rows) numbers.push_back(row.number);
  return numbers;
}

TEST_P(ChronicleConformance, APassIsKeptWithItsReport) {
  // A name of an object may be any bytes.
  const std::string report("{\"tasks\":[\"\xff\0\"]}", 16);
  ASSERT_TRUE(chronicle().keep_pass(a_pass("drop <b>", report)).has_value());
  const auto kept = chronicle().pass("drop <b>", 1);
  ASSERT_TRUE(kept.has_value()) << kept.error().message;
  EXPECT_EQ(kept->scan, "drop <b>");
  EXPECT_EQ(kept->number, 1);
  EXPECT_EQ(kept->first_at, kNow);
  EXPECT_EQ(kept->last_at, kNow);
  EXPECT_EQ(kept->passes, 1);
  EXPECT_EQ(kept->error, "");
  EXPECT_EQ(kept->summary, R"({"objects_listed":3})");
  EXPECT_EQ(kept->report, report);
}

TEST_P(ChronicleConformance, APassThatIsNotThereIsNotFound) {
  ASSERT_TRUE(chronicle().keep_pass(a_pass("drop", "{}")).has_value());
  EXPECT_EQ(chronicle().pass("drop", 2).error().code, Code::not_found);
  EXPECT_EQ(chronicle().pass("other", 1).error().code, Code::not_found);
  EXPECT_THAT(numbers_of(chronicle().passes({.scan = "other"})), IsEmpty());
}

TEST_P(ChronicleConformance, PassesThatFoundTheSameAreOne) {
  ASSERT_TRUE(chronicle().keep_pass(a_pass("drop", R"({"a":1})")).has_value());
  ScanPass again = a_pass("drop", R"({"a":1})", 1min);
  again.summary = R"({"objects_listed":4})";
  ASSERT_TRUE(chronicle().keep_pass(again).has_value());
  const auto passes = chronicle().passes({.scan = "drop"});
  ASSERT_THAT(numbers_of(passes), ElementsAre(1));
  EXPECT_EQ(passes->front().first_at, kNow);
  EXPECT_EQ(passes->front().last_at, kNow + 1min);
  EXPECT_EQ(passes->front().passes, 2);
  EXPECT_EQ(passes->front().summary, again.summary);
}

TEST_P(ChronicleConformance, OneThatFoundSomethingElseOrFailedIsAnotherOne) {
  ASSERT_TRUE(chronicle().keep_pass(a_pass("drop", R"({"a":1})")).has_value());
  ASSERT_TRUE(chronicle().keep_pass(a_pass("drop", R"({"a":2})", 1min)).has_value());
  ScanPass failed = a_pass("drop", "{}", 2min);
  failed.error = "the bucket is away";
  ASSERT_TRUE(chronicle().keep_pass(failed).has_value());
  ASSERT_TRUE(chronicle().keep_pass(a_pass("drop", R"({"a":1})", 3min)).has_value());
  const auto passes = chronicle().passes({.scan = "drop"});
  ASSERT_THAT(numbers_of(passes), ElementsAre(4, 3, 2, 1));
  EXPECT_EQ((*passes)[1].error, "the bucket is away");
}

TEST_P(ChronicleConformance, PassesArePagedTheNewestFirstWithoutReports) {
  for (int each = 0; each < 5; ++each) {
    const std::string report = "{\"a\":" + std::to_string(each) + "}";
    ASSERT_TRUE(chronicle().keep_pass(a_pass("drop", report)).has_value());
  }
  const auto first = chronicle().passes({.scan = "drop", .limit = 2});
  ASSERT_THAT(numbers_of(first), ElementsAre(5, 4));
  EXPECT_EQ(first->front().report, "{}");
  EXPECT_THAT(numbers_of(chronicle().passes({.scan = "drop", .before = 4, .limit = 2})),
              ElementsAre(3, 2));
}

TEST_P(ChronicleConformance, TheLatestPassOfEachScanIsListedByName) {
  ASSERT_TRUE(chronicle().keep_pass(a_pass("b", R"({"a":1})")).has_value());
  ASSERT_TRUE(chronicle().keep_pass(a_pass("b", R"({"a":2})")).has_value());
  ASSERT_TRUE(chronicle().keep_pass(a_pass("a", R"({"a":1})")).has_value());
  const auto latest = chronicle().latest_passes();
  ASSERT_THAT(numbers_of(latest), ElementsAre(1, 2));
  EXPECT_EQ((*latest)[0].scan, "a");
  EXPECT_EQ((*latest)[1].scan, "b");
  EXPECT_EQ((*latest)[1].report, "{}");
}

TEST_P(ChronicleConformance, OldPassesAreDropped) {
  const auto kept = static_cast<std::int64_t>(kPassesKept);
  ASSERT_TRUE(chronicle().keep_pass(a_pass("other", "{}")).has_value());
  for (std::int64_t each = 1; each <= kept + 2; ++each) {
    const std::string report = "{\"a\":" + std::to_string(each) + "}";
    ASSERT_TRUE(chronicle().keep_pass(a_pass("drop", report)).has_value());
  }
  const auto passes = chronicle().passes({.scan = "drop", .limit = 1000});
  ASSERT_THAT(numbers_of(passes), SizeIs(kPassesKept));
  EXPECT_EQ(passes->front().number, kept + 2);
  EXPECT_EQ(passes->back().number, 3);
  EXPECT_TRUE(chronicle().pass("other", 1).has_value());
}

TEST_P(ChronicleConformance, ADefinitionThatChangesHasAnotherVersion) {
  const std::vector<DefinitionVersion> first = {a_version("fetch", R"({"a":1})"),
                                                a_version("tidy", R"({"b":1})")};
  ASSERT_TRUE(chronicle().note_definitions(first).has_value());
  std::vector<DefinitionVersion> later = {a_version("fetch", R"({"a":2})", 1h),
                                          a_version("tidy", R"({"b":1})", 1h)};
  later[1].commit = std::string(40, 'b');  // of another commit, but as it was
  ASSERT_TRUE(chronicle().note_definitions(later).has_value());
  const auto fetch = chronicle().versions({.map = "tasks", .name = "fetch"});
  ASSERT_THAT(numbers_of(fetch), ElementsAre(2, 1));
  EXPECT_EQ((*fetch)[0].definition, R"({"a":2})");
  EXPECT_EQ((*fetch)[0].since, kNow + 1h);
  EXPECT_EQ((*fetch)[1].definition, R"({"a":1})");
  EXPECT_EQ((*fetch)[1].map, "tasks");
  EXPECT_EQ((*fetch)[1].name, "fetch");
  EXPECT_EQ((*fetch)[1].repository, "https://git.example/x");
  EXPECT_EQ((*fetch)[1].commit, std::string(40, 'a'));
  EXPECT_EQ((*fetch)[1].file, "tasks/ü.yaml");
  EXPECT_EQ((*fetch)[1].line, 7);
  const auto tidy = chronicle().versions({.map = "tasks", .name = "tidy"});
  ASSERT_THAT(numbers_of(tidy), ElementsAre(1));
  EXPECT_EQ(tidy->front().commit, std::string(40, 'a'));
}

TEST_P(ChronicleConformance, ATaskAndAPipelineOfOneNameAreTwo) {
  DefinitionVersion pipeline = a_version("fetch", R"({"steps":{}})");
  pipeline.map = "pipelines";
  pipeline.repository = pipeline.commit = "";
  const std::vector<DefinitionVersion> held = {a_version("fetch", R"({"a":1})"), pipeline};
  ASSERT_TRUE(chronicle().note_definitions(held).has_value());
  EXPECT_THAT(numbers_of(chronicle().versions({.map = "tasks", .name = "fetch"})), ElementsAre(1));
  const auto versions = chronicle().versions({.map = "pipelines", .name = "fetch"});
  ASSERT_THAT(numbers_of(versions), ElementsAre(1));
  EXPECT_EQ(versions->front().definition, R"({"steps":{}})");
  EXPECT_EQ(versions->front().repository, "");
}

TEST_P(ChronicleConformance, OneThatIsAsItOnceWasHasAVersionAgain) {
  for (const char* text : {R"({"a":1})", R"({"a":2})", R"({"a":1})"}) {
    const std::vector<DefinitionVersion> held = {a_version("fetch", text)};
    ASSERT_TRUE(chronicle().note_definitions(held).has_value());
  }
  EXPECT_THAT(numbers_of(chronicle().versions({.map = "tasks", .name = "fetch", .limit = 2})),
              ElementsAre(3, 2));
  EXPECT_THAT(numbers_of(chronicle().versions({.map = "tasks", .name = "fetch", .before = 2})),
              ElementsAre(1));
}

TEST_P(ChronicleConformance, OldVersionsAreDropped) {
  for (std::size_t each = 1; each <= kVersionsKept + 1; ++each) {
    const std::vector<DefinitionVersion> held = {
        a_version("fetch", "{\"a\":" + std::to_string(each) + "}")};
    ASSERT_TRUE(chronicle().note_definitions(held).has_value());
  }
  const auto versions = chronicle().versions({.map = "tasks", .name = "fetch", .limit = 1000});
  ASSERT_THAT(numbers_of(versions), SizeIs(kVersionsKept));
  EXPECT_EQ(versions->back().number, 2);
}

TEST_P(ChronicleConformance, TwoAtOnceAreBothKept) {
  std::vector<std::thread> threads;
  for (const char* who : {"a", "b"}) {
    threads.emplace_back([this, who] {
      for (int each = 0; each < 10; ++each) {
        const std::string report = std::string("{\"") + who + "\":" + std::to_string(each) + "}";
        EXPECT_TRUE(chronicle().keep_pass(a_pass("drop", report)).has_value());
        const std::vector<DefinitionVersion> held = {a_version("fetch", report)};
        EXPECT_TRUE(chronicle().note_definitions(held).has_value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(numbers_of(chronicle().passes({.scan = "drop"})), SizeIs(20));
  EXPECT_THAT(numbers_of(chronicle().versions({.map = "tasks", .name = "fetch"})), SizeIs(20));
}

}  // namespace
}  // namespace waybill
