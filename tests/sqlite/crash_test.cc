// A fault at every call that writes, of the whole life of a task.

#include <gtest/gtest.h>

#include "base/log.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"
#include "tests/sqlite/fault_disk.h"
#include "tests/sqlite/task_life.h"

namespace waybill {
namespace {

using Fault = FaultDisk::Fault;

class DiskFaults : public testing::Test {
 protected:
  // Each stop is logged as an error; here hundreds are provoked.
  static void SetUpTestSuite() { log::configure(log::Level::off, log::Format::json); }
  static void TearDownTestSuite() { log::configure(log::Level::info, log::Format::json); }

  /// What a life looks like after each number of steps, undisturbed.
  static std::vector<std::string> states() {
    std::vector<std::string> states = {""};
    SimClock clock;
    const TemporaryDirectory directory;
    auto ledger = SqliteLedger::create(directory.path() + "/ledger.db", clock);
    EXPECT_TRUE(ledger.has_value()) << ledger.error().message;
    states[0] = *TaskLife::describe(**ledger);
    TaskLife life(clock);
    for (std::size_t step = 0; step < TaskLife::step_count(); ++step) {
      const Status done = life.run(**ledger, step);
      EXPECT_TRUE(done.has_value()) << "step " << step << ": " << done.error().message;
      states.push_back(*TaskLife::describe(**ledger));
    }
    return states;
  }

  struct Outcome {
    bool struck = false;
    std::size_t acknowledged = 0;  ///< steps that answered yes
    std::optional<Error> error;    ///< of the first that did not
  };

  /// Lives until the first error, the log written back after each commit. The ledger is closed at
  /// the end.
  static Outcome live(const std::string& path, FaultDisk& disk) {
    SimClock clock;
    Outcome outcome;
    auto ledger = SqliteLedger::create(path, clock, {.log_bytes_max = 1, .vfs = disk.name()});
    if (!ledger) outcome.error = ledger.error();
    TaskLife life(clock);
    for (std::size_t step = 0; ledger && step < TaskLife::step_count(); ++step) {
      if (const Status done = life.run(**ledger, step); !done) {
        outcome.error = done.error();
        break;
      }
      ++outcome.acknowledged;
    }
    outcome.struck = disk.struck();
    return outcome;
  }

  /// Whether the step after the last that was acknowledged may have happened too.
  enum class Further : std::uint8_t { none, one };
  /// What is wrong with the file after `acknowledged` steps; empty: nothing.
  static std::string verdict(const std::string& path, const std::vector<std::string>& states,
                             std::size_t acknowledged, Further further = Further::one) {
    SimClock clock;
    FaultDisk sound;  // without the real syncs, which would take most of the time
    auto ledger = SqliteLedger::create(path, clock, {.vfs = sound.name()});
    if (!ledger) return "cannot be opened again: " + ledger.error().message;
    const auto report = (*ledger)->admin().check();
    if (!report) return "cannot be checked: " + report.error().message;
    for (const Violation& violation : report->violations) {
      return violation.invariant + " " + violation.subject + " " + violation.message;
    }
    const auto state = TaskLife::describe(**ledger);
    if (!state) return "cannot be read: " + state.error().message;
    if (*state == states[acknowledged]) return "";
    const bool may_be_next = further == Further::one && acknowledged + 1 < states.size();
    if (may_be_next && *state == states[acknowledged + 1]) return "";
    return "after " + std::to_string(acknowledged) + " steps it has:\n" + *state;
  }
};

TEST_F(DiskFaults, APowerLossAtAnyWriteLosesNothingThatWasAcknowledged) {
  const auto states = DiskFaults::states();
  Rng rng(20261122);
  int crashes = 0;
  for (const auto unsynced : {FaultDisk::Unsynced::lost, FaultDisk::Unsynced::partly_kept}) {
    for (int call = 1;; ++call) {
      const TemporaryDirectory directory;
      const std::string path = directory.path() + "/ledger.db";
      FaultDisk disk;
      disk.fail_at(call, Fault::power_loss);
      const Outcome outcome = live(path, disk);
      disk.lose_power(unsynced, rng);
      ASSERT_EQ(verdict(path, states, outcome.acknowledged), "") << "power lost at call " << call;
      if (!outcome.struck) break;
      ++crashes;
    }
  }
  EXPECT_GT(crashes, 200);
}

TEST_F(DiskFaults, ADiskThatLiesAboutSyncIsSeenToLoseWhatWasAcknowledged) {
  const auto states = DiskFaults::states();
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/ledger.db";
  FaultDisk disk(FaultDisk::Sync::lies);
  disk.fail_at(330, Fault::power_loss);  // some calls after the ledger has been made
  const Outcome outcome = live(path, disk);
  Rng rng(1);
  disk.lose_power(FaultDisk::Unsynced::lost, rng);
  ASSERT_GT(outcome.acknowledged, 1u);
  EXPECT_NE(verdict(path, states, outcome.acknowledged), "");
}

TEST_F(DiskFaults, AnIoErrorAtAnyWriteIsAnErrorThatNamesTheFileAndLosesNothing) {
  const auto states = DiskFaults::states();
  int unknown = 0;
  for (int call = 1;; ++call) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/ledger.db";
    FaultDisk disk;
    disk.fail_at(call, Fault::io_error);
    const Outcome outcome = live(path, disk);
    if (outcome.error) {
      // A sync that failed while the log was written back shows at the next call.
      const Code code = outcome.error->code;
      EXPECT_TRUE(code == Code::failed_precondition || code == Code::unavailable ||
                  code == Code::deadline_exceeded)
          << outcome.error->message;
      unknown += code == Code::deadline_exceeded ? 1 : 0;
      // Any other code says that nothing of the call has taken effect.
      if (code != Code::deadline_exceeded) {
        ASSERT_EQ(verdict(path, states, outcome.acknowledged, Further::none), "")
            << "error at call " << call << ": " << outcome.error->message;
      }
      EXPECT_NE(outcome.error->message.find(path), std::string::npos) << outcome.error->message;
    }
    ASSERT_EQ(verdict(path, states, outcome.acknowledged), "") << "error at call " << call;
    if (!outcome.struck) break;
  }
  EXPECT_GT(unknown, 0) << "some error met a commit";
}

TEST_F(DiskFaults, AFullDiskIsSaidSoAndLosesNothing) {
  const auto states = DiskFaults::states();
  for (int call = 1;; ++call) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/ledger.db";
    FaultDisk disk;
    disk.fail_at(call, Fault::disk_full);
    const Outcome outcome = live(path, disk);
    if (outcome.error) {
      EXPECT_EQ(outcome.error->code, Code::resource_exhausted) << outcome.error->message;
      ASSERT_EQ(verdict(path, states, outcome.acknowledged, Further::none), "")
          << "disk full at call " << call;
    }
    ASSERT_EQ(verdict(path, states, outcome.acknowledged), "") << "disk full at call " << call;
    if (!outcome.struck) break;
  }
}

TEST_F(DiskFaults, WorkGoesOnWhenAFullDiskHasRoomAgain) {
  SimClock clock;
  const TemporaryDirectory directory;
  FaultDisk disk;
  auto ledger = SqliteLedger::create(directory.path() + "/ledger.db", clock, {.vfs = disk.name()});
  ASSERT_TRUE(ledger.has_value());
  TaskLife life(clock);
  disk.fail_at(1, Fault::disk_full);
  EXPECT_EQ(life.run(**ledger, 0).error().code, Code::resource_exhausted);
  disk.repair();
  EXPECT_TRUE(life.run(**ledger, 0).has_value());
}

TEST_F(DiskFaults, AfterAFailedSyncNothingMoreIsWritten) {
  SimClock clock;
  TaskLife life(clock);
  int syncs = 0;
  for (int call = 1;; ++call) {
    const TemporaryDirectory directory;
    FaultDisk disk;
    // The log is written back after each commit, so that the syncs of that are met too.
    auto ledger = SqliteLedger::create(directory.path() + "/ledger.db", clock,
                                       {.log_bytes_max = 1, .vfs = disk.name()});
    ASSERT_TRUE(ledger.has_value());
    disk.fail_at(call, Fault::io_error);
    const Status done = life.run(**ledger, 0);
    if (!disk.struck()) break;
    if (!disk.struck_at_sync()) continue;
    ++syncs;
    disk.repair();
    const Status refused = life.run(**ledger, done ? 1 : 0);
    ASSERT_FALSE(refused.has_value()) << "the sync that is call " << call;
    EXPECT_EQ(refused.error().code, Code::failed_precondition);
    EXPECT_NE(refused.error().message.find("start again"), std::string::npos);
    ledger->reset();
    EXPECT_EQ(disk.calls_since(), 0) << "nor at the end; the sync that is call " << call;
  }
  EXPECT_GE(syncs, 2) << "of a commit, and of writing back";
}

TEST_F(DiskFaults, ASyncThatFailsBeforeTheCommitStopsTheWriterToo) {
  // A cache that is too small for the call has SQLite write to the log, and sync its head, before
  // the commit.
  SimClock clock;
  int before_commit = 0;
  for (int call = 1;; ++call) {
    const TemporaryDirectory directory;
    FaultDisk disk;
    auto ledger =
        SqliteLedger::create(directory.path() + "/ledger.db", clock,
                             {.cache_bytes = 64u << 10, .log_bytes_max = 1, .vfs = disk.name()});
    ASSERT_TRUE(ledger.has_value());
    ASSERT_TRUE((*ledger)->ledger().insert(some_tasks(1, 1)));
    disk.fail_at(call, Fault::io_error);
    const auto answers = (*ledger)->ledger().insert(some_tasks(2, 1'000));
    if (!disk.struck()) break;
    if (!disk.struck_at_sync()) continue;
    disk.repair();
    if (!answers && answers.error().code == Code::failed_precondition) ++before_commit;
    const auto refused = (*ledger)->ledger().insert(some_tasks(2'000, 2'000));
    ASSERT_FALSE(refused.has_value()) << "the sync that is call " << call;
    EXPECT_EQ(refused.error().code, Code::failed_precondition);
    ledger->reset();
    EXPECT_EQ(disk.calls_since(), 0) << "the sync that is call " << call;
    if (before_commit > 0) break;
  }
  EXPECT_GT(before_commit, 0);
}

}  // namespace
}  // namespace waybill
