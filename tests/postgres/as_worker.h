#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/postgres_ledger.h"
#include "testing/builders.h"
#include "tests/postgres/server.h"

namespace waybill::postgres {

/// A new ledger, used by one who may only read and write: `worker`, of admit_worker.
class AsWorker : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    ASSERT_TRUE(migrate_postgres_ledger(shared_postgres()->url(name_), clock_).has_value());
    shared_postgres()->admit_worker(name_);
    const std::string url = shared_postgres()->url(name_, "worker");
    auto made = PostgresLedger::create(url, clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    server_ = std::move(*made);
    pool_ = std::make_unique<Pool>(Pool::Params{.connect = {.conninfo = url}}, clock_);
    database_ = std::make_unique<Database>(*pool_);
  }
  void TearDown() override {
    if (name_.empty()) return;
    server_.reset();
    database_.reset();
    pool_.reset();
    shared_postgres()->drop_database(name_);
  }

  /// Makes them, and ends them at once.
  void finish(const std::vector<TaskRequest>& requests, State outcome = State::succeeded) {
    Ledger& ledger = server_->ledger();
    ASSERT_TRUE(ledger.insert(requests).has_value());
    std::vector<Uuid> ids;
    for (const TaskRequest& request : requests) ids.push_back(request.id);
    const auto tasks =
        ledger.claim({.only_ids = ids, .worker = "w", .limit = requests.size(), .lease = kLease});
    ASSERT_TRUE(tasks.has_value() && tasks->size() == requests.size());
    std::vector<Change> changes;
    for (const Task& task : *tasks) {
      Event event = event::Succeed{.fence = 1};
      if (outcome == State::failed) {
        event = event::Fail{.fence = 1, .failure_class = FailureClass::permanent};
      }
      changes.push_back(transition(task, event, {.now = ledger.now()}).value());
    }
    const auto answers = ledger.apply(changes);
    ASSERT_TRUE(answers.has_value());
    for (const Status& applied : *answers) ASSERT_TRUE(applied);
  }
  std::string psql(const std::string& script) { return shared_postgres()->psql(name_, script); }

  static constexpr Duration kLease = std::chrono::minutes(5);
  SystemClock clock_;
  std::string name_;
  std::unique_ptr<PostgresLedger> server_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Database> database_;
};

}  // namespace waybill::postgres
