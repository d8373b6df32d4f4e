#include "services/scan_json.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr Time kAt{1'800'000'000s};

ScanReport a_report(std::size_t tasks = 1) {
  ScanReport report{.scan = "drop", .now = kAt - 1s, .objects_listed = 3};
  for (std::size_t each = 0; each < tasks; ++each) {
    report.tasks.push_back({.planned = {.marker = "intake-a",
                                        .task = "intake",
                                        .params = R"({"batch":"secret"})",
                                        .what = "intake a\xff 2020/10/31/11/30"},
                            .outcome = ScanOutcome::inserted,
                            .marker = MarkerOutcome::written});
  }
  report.skipped.push_back({.what = "a 2020/10/31/11/40",
                            .reason = SkipReason::incomplete,
                            .detail = "missing batch.sig"});
  report.counts["skipped{reason=\"incomplete\"}"] = 9;
  return report;
}

TEST(ScanJson, WhatIsKeptOfAPassReadsAsTheReportWithoutParams) {
  ScanPass pass = scan_pass_of("drop", a_report(), kAt);
  EXPECT_EQ(pass.scan, "drop");
  EXPECT_EQ(pass.first_at, kAt);
  EXPECT_EQ(pass.last_at, kAt);
  EXPECT_EQ(pass.error, "");
  pass.number = 4;
  const auto told = scan_pass_to_json(pass, true);
  ASSERT_TRUE(told.has_value()) << told.error().message;
  EXPECT_EQ(told->at("number").as_int64(), 4);
  EXPECT_EQ(told->at("inserted").as_int64(), 1);
  EXPECT_EQ(told->at("skipped").as_int64(), 9);
  EXPECT_EQ(told->at("objects_listed").as_int64(), 3);
  const auto& report = told->at("report").as_object();
  EXPECT_EQ(report.at("scan").as_string(), "drop");
  EXPECT_EQ(report.at("now"), told->at("now"));
  const auto& task = report.at("tasks").as_array().at(0).as_object();
  EXPECT_EQ(task.at("what").as_string(), "intake a\\xff 2020/10/31/11/30");
  EXPECT_FALSE(task.contains("params"));
  EXPECT_EQ(report.at("left_out").as_int64(), 0);
}

TEST(ScanJson, PassesThatDifferInTimeAloneSayTheSame) {
  ScanReport later = a_report();
  later.now = kAt + 1min;
  later.objects_listed = 4;
  later.took[0] = 5ms;
  const ScanPass first = scan_pass_of("drop", a_report(), kAt);
  EXPECT_EQ(digest_of(first), digest_of(scan_pass_of("drop", later, kAt + 1min)));
  later.skipped.clear();
  EXPECT_NE(digest_of(first), digest_of(scan_pass_of("drop", later, kAt + 1min)));
}

TEST(ScanJson, OfVeryManyTasksTheFirstAreKeptAndTheRestIsCounted) {
  const ScanPass pass = scan_pass_of("drop", a_report(kScanItemsKept + 5), kAt);
  const auto told = scan_pass_to_json(pass, true);
  ASSERT_TRUE(told.has_value());
  const auto& report = told->at("report").as_object();
  EXPECT_EQ(report.at("tasks").as_array().size(), kScanItemsKept);
  EXPECT_EQ(report.at("left_out").as_int64(), 5);
  EXPECT_EQ(told->at("inserted").as_int64(), static_cast<std::int64_t>(kScanItemsKept + 5));
}

TEST(ScanJson, APassThatFailedSaysWhyAndHasNoReport) {
  const Result<ScanReport> failed = fail(Code::unavailable, "the bucket is away");
  const auto told = scan_pass_to_json(scan_pass_of("drop", failed, kAt), true);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->at("error").as_string(), "the bucket is away");
  EXPECT_TRUE(told->at("report").is_null());
  EXPECT_TRUE(told->at("now").is_null());
  EXPECT_FALSE(told->at("complete").as_bool());
}

TEST(ScanJson, WhatIsDamagedIsSaidToBe) {
  ScanPass pass = scan_pass_of("drop", a_report(), kAt);
  pass.report = "{";
  const auto told = scan_pass_to_json(pass, true);
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().code, Code::data_loss);
  EXPECT_THAT(told.error().message, HasSubstr("drop"));
  EXPECT_TRUE(scan_pass_to_json(pass, false).has_value());
}

}  // namespace
}  // namespace waybill
