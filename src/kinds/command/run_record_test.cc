#include "kinds/command/run_record.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace waybill {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

WaybillNews news(WaybillEvent event, std::int32_t value, std::int64_t second) {
  return {.event = event, .value = value, .at_micros = second * kSecond, .user_micros = 1'500'000};
}
std::int32_t exited(int status) { return status << 8; }

RunRecord record_of(std::initializer_list<WaybillNews> all) {
  RunRecord record;
  for (const WaybillNews& one : all) record.add(one);
  return record;
}
CommandSpec a_spec() { return {.argv = {"work"}}; }

TEST(RunRecordTest, ARunIsOverWhenNothingIsLeftOrItNeverBegan) {
  EXPECT_FALSE(record_of({news(kWaybillStarted, 7, 1), news(kWaybillExited, 0, 2)}).over());
  EXPECT_TRUE(record_of({news(kWaybillStarted, 7, 1), news(kWaybillEnded, 0, 2)}).over());
  EXPECT_TRUE(record_of({news(kWaybillNotStarted, ENOENT, 1)}).over());
}

TEST(RunRecordTest, TheProofNamesWhatHappenedAndLeavesOutWhatDidNot) {
  RunRecord record = record_of({news(kWaybillStarted, 7, 1), news(kWaybillSignalled, 0, 3),
                                news(kWaybillExited, SIGTERM, 4), news(kWaybillEnded, 2, 5)});
  record.requested_at = from_micros(2 * kSecond);
  EXPECT_EQ(proof_json(record),
            R"({"requested_at":"1970-01-01T00:00:02Z","signalled_at":"1970-01-01T00:00:03Z",)"
            R"("exited_at":"1970-01-01T00:00:04Z","reaped_at":"1970-01-01T00:00:05Z",)"
            R"("signal":15,"left_behind":2,"user_seconds":1.5E0,"system_seconds":0E0,)"
            R"("memory_peak_bytes":0})");
}

TEST(RunRecordTest, AProgramThatEndsItselfJustWhenItIsAskedToIsJudgedByItsStatus) {
  RunRecord record = record_of({news(kWaybillStarted, 7, 1), news(kWaybillExited, exited(0), 3),
                                news(kWaybillSignalled, 0, 3), news(kWaybillEnded, 0, 4)});
  record.requested_at = from_micros(3 * kSecond);
  EXPECT_TRUE(std::holds_alternative<outcome::Succeeded>(judge(record, a_spec(), "")));
}

TEST(RunRecordTest, AnExitStatusOfZeroAfterTheSignalIsNoSuccess) {
  RunRecord record = record_of({news(kWaybillStarted, 7, 1), news(kWaybillSignalled, 0, 3),
                                news(kWaybillExited, exited(0), 4), news(kWaybillEnded, 0, 4)});
  record.requested_at = from_micros(3 * kSecond);
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(judge(record, a_spec(), "")));
}

TEST(RunRecordTest, ASignalFromElsewhereIsTransient) {
  const RunRecord record = record_of(
      {news(kWaybillStarted, 7, 1), news(kWaybillExited, SIGSEGV, 2), news(kWaybillEnded, 0, 2)});
  const auto failed = std::get<outcome::Failed>(judge(record, a_spec(), ""));
  EXPECT_EQ(failed.failure_class, FailureClass::transient);
  EXPECT_EQ(failed.error, "the program was killed by signal 11 (Segmentation fault)");
}

TEST(RunRecordTest, WhatMayPassByItselfIsTransientWhenAProgramCannotStart) {
  const auto class_of = [](int error, WaybillStage stage) {
    WaybillNews why = news(kWaybillNotStarted, error, 1);
    why.stage = stage;
    return std::get<outcome::Failed>(judge(record_of({why}), a_spec(), "")).failure_class;
  };
  EXPECT_EQ(class_of(ENOENT, kWaybillStageExec), FailureClass::permanent);
  EXPECT_EQ(class_of(ENOENT, kWaybillStageDirectory), FailureClass::permanent);
  EXPECT_EQ(class_of(ETXTBSY, kWaybillStageExec), FailureClass::transient);
  EXPECT_EQ(class_of(EAGAIN, kWaybillStageFork), FailureClass::transient);
  EXPECT_EQ(class_of(EBUSY, kWaybillStageCgroup), FailureClass::transient);
}

}  // namespace
}  // namespace waybill
