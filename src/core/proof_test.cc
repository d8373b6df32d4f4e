#include "core/proof.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(Proof, TellsWhenEachStepCameAndHowItEnded) {
  EXPECT_EQ(
      proof_in_words(
          R"({"requested_at":"2026-11-25T21:00:00Z","signalled_at":"2026-11-25T21:00:00.0002Z",)"
          R"("killed_at":"2026-11-25T21:00:10Z","exited_at":"2026-11-25T21:00:10Z",)"
          R"("reaped_at":"2026-11-25T21:00:10.004Z","signal":9,"left_behind":2,)"
          R"("user_seconds":1.5E0,"system_seconds":5E-1,"memory_peak_bytes":2097152})"),
      "signalled (SIGTERM) after 0s, killed (SIGKILL) after 10s, reaped after 10.004s; signal 9; "
      "2 processes that outlived it ended too; cpu time 2s, memory 2MiB");
}

TEST(Proof, LeavesOutWhatDidNotHappen) {
  EXPECT_EQ(proof_in_words(
                R"({"requested_at":"2026-11-25T21:00:00Z","reaped_at":"2026-11-25T21:00:00.5Z",)"
                R"("exit_status":0,"left_behind":0})"),
            "reaped after 500ms; exit status 0; cpu time 0s");
}

TEST(Proof, LeavesOtherTextAsItIs) {
  for (const char* text : {"", "gone", "{}", R"({"sum":3})", "[1]"}) {
    EXPECT_EQ(proof_in_words(text), text);
  }
}

TEST(Proof, StandsNonsense) {
  EXPECT_EQ(proof_in_words(R"({"requested_at":3,"signalled_at":null,"signal":"x",)"
                           R"("user_seconds":-1,"system_seconds":1e300})"),
            "cpu time 277777h46m40s");
}

}  // namespace
}  // namespace waybill
