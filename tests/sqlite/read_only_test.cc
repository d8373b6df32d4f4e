// A ledger that this user may only read. Permission bits do not bind root: there the reader is a
// child of another user.

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <iterator>

#include "adapters/local/system_clock.h"
#include "adapters/sqlite/database.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/builders.h"
#include "testing/temporary_directory.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

class ReadOnlyLedger : public testing::Test {
 protected:
  ReadOnlyLedger() { EXPECT_EQ(::chmod(directory_.path().c_str(), 0755), 0); }
  ~ReadOnlyLedger() override {
    ::chmod(directory_.path().c_str(), 0755);  // so that it can be removed
  }
  std::string path() const { return directory_.path() + "/ledger.db"; }

  std::unique_ptr<SqliteLedger> open_for_writing() {
    auto made = SqliteLedger::create(path(), clock_);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }
  void forbid_writing() const {
    for (const auto& file : fs::directory_iterator(directory_.path())) {
      ::chmod(file.path().c_str(), 0444);
    }
    ::chmod(directory_.path().c_str(), 0555);
  }
  /// Runs `work` as a user who may only read; says whether it was content.
  template <class Work>
  static bool as_reader(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
      constexpr uid_t kNobody = 65534;
      if (::geteuid() == 0 &&
          (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
        ::_exit(2);
      }
      ::_exit(work() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  Result<std::unique_ptr<SqliteLedger>> open_for_reading() {
    return SqliteLedger::create(path(), clock_, {.access = SqliteAccess::read});
  }
  static bool complain(const Error& error) {
    std::cerr << error.message << "\n";
    return false;
  }
  /// Whether everything that only reads sees that many tasks.
  bool reads(std::int64_t tasks) {
    const auto ledger = open_for_reading();
    if (!ledger) return complain(ledger.error());
    const auto page = (*ledger)->reader().page({.limit = 100});
    if (!page) return complain(page.error());
    const auto report = (*ledger)->admin().check();
    if (!report) return complain(report.error());
    const auto stats = (*ledger)->admin().stats();
    if (!stats) return complain(stats.error());
    const auto queues = (*ledger)->registry().queues();
    if (!queues) return complain(queues.error());
    std::int64_t lines = 0;
    const Status exported = (*ledger)->admin().export_tasks([&](std::string_view) {
      ++lines;
      return Status();
    });
    if (!exported) return complain(exported.error());
    return static_cast<std::int64_t>(page->tasks.size()) == tasks && lines == tasks &&
           report->tasks_checked == tasks && report->violations_found == 0 && stats->tasks == tasks;
  }
  bool is_refused_to_write() {
    const auto ledger = open_for_reading();
    if (!ledger) return complain(ledger.error());
    const auto inserted = (*ledger)->ledger().insert(some_tasks(90, 90));
    return !inserted && inserted.error().code == Code::failed_precondition &&
           inserted.error().message.find(path()) != std::string::npos &&
           inserted.error().message.find("permissions") != std::string::npos;
  }
  std::size_t files() const {
    const fs::directory_iterator all(directory_.path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
};

TEST_F(ReadOnlyLedger, IsReadWhenNobodyHasItOpen) {
  ASSERT_TRUE(open_for_writing()->ledger().insert(some_tasks(1, 3)));
  ASSERT_EQ(files(), 1U);
  forbid_writing();
  EXPECT_TRUE(as_reader([&] { return reads(3); }));
}

TEST_F(ReadOnlyLedger, IsReadBesideAWriterWithWhatIsOnlyInItsLog) {
  const auto writer = open_for_writing();
  ASSERT_TRUE(writer->ledger().insert(some_tasks(1, 3)));
  forbid_writing();
  EXPECT_TRUE(as_reader([&] { return reads(3); }));
}

TEST_F(ReadOnlyLedger, IsReadAfterItsWriterWasKilled) {
  const TemporaryDirectory writers;
  const std::string theirs = writers.path() + "/ledger.db";
  auto writer = SqliteLedger::create(theirs, clock_);
  ASSERT_TRUE(writer.has_value()) << writer.error().message;
  ASSERT_TRUE((*writer)->ledger().insert(some_tasks(1, 3)));
  // As a kill leaves them: nobody holds a lock on these.
  for (const std::string suffix : {"", "-wal", "-shm"}) {
    fs::copy_file(theirs + suffix, path() + suffix);
  }
  forbid_writing();
  EXPECT_TRUE(as_reader([&] { return reads(3); }));
}

TEST_F(ReadOnlyLedger, IsReadWhereTheDirectoryMayBeWrittenAndNothingIsLeftThere) {
  ASSERT_TRUE(open_for_writing()->ledger().insert(some_tasks(1, 3)));
  forbid_writing();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  EXPECT_TRUE(as_reader([&] { return reads(3); }));
  EXPECT_EQ(files(), 1U) << "an index of the reader's would keep the writer out";
}

TEST_F(ReadOnlyLedger, RefusesEveryWriteWithThePathAndWhatToDo) {
  open_for_writing();
  forbid_writing();
  EXPECT_TRUE(as_reader([&] { return is_refused_to_write(); }));
  EXPECT_TRUE(as_reader([&] {
    const auto ledger = SqliteLedger::create(path(), clock_);
    return !ledger && ledger.error().message.find(path()) != std::string::npos;
  }));
}

TEST_F(ReadOnlyLedger, SaysWhenAWriterCameWhileItWasReadAsItIs) {
  ASSERT_TRUE(open_for_writing()->ledger().insert(some_tasks(1, 3)));
  const auto database =
      sqlite::Database::open({.path = path(), .mode = sqlite::OpenMode::read_only}, clock_);
  ASSERT_TRUE(database.has_value()) << database.error().message;
  EXPECT_TRUE((*database)->check_unchanged().has_value());
  const auto writer = open_for_writing();
  ASSERT_TRUE(writer->ledger().insert(some_tasks(4, 4)));
  const Status changed = (*database)->check_unchanged();
  ASSERT_FALSE(changed.has_value());
  EXPECT_EQ(changed.error().code, Code::unavailable);
}

TEST_F(ReadOnlyLedger, ALogThatWasLeftWithoutItsIndexIsSaidSo) {
  const TemporaryDirectory elsewhere;
  const std::string left = elsewhere.path() + "/ledger.db";
  const auto writer = open_for_writing();
  ASSERT_TRUE(writer->ledger().insert(some_tasks(1, 3)));
  for (const std::string suffix : {"", "-wal"}) fs::copy_file(path() + suffix, left + suffix);
  const auto database =
      sqlite::Database::open({.path = left, .mode = sqlite::OpenMode::read_only}, clock_);
  ASSERT_FALSE(database.has_value());
  EXPECT_EQ(database.error().code, Code::failed_precondition);
  EXPECT_NE(database.error().message.find(left + "-wal to a directory of your own"),
            std::string::npos)
      << database.error().message;
}

TEST_F(ReadOnlyLedger, AFileThatMayNotBeReadIsSaidSo) {
  open_for_writing();
  ASSERT_EQ(::chmod(path().c_str(), 0), 0);
  EXPECT_TRUE(as_reader([&] {
    const auto ledger = open_for_reading();
    return !ledger && ledger.error().code == Code::permission_denied &&
           ledger.error().message.find(path()) != std::string::npos;
  }));
}

}  // namespace
}  // namespace waybill
