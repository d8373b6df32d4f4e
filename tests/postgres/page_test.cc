// Pages of few tasks among many others.

#include <gmock/gmock.h>

#include <algorithm>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/postgres_ledger.h"
#include "testing/builders.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kMany = 1500;  // more than a page passes over

class PostgresPages : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    auto made = PostgresLedger::create(shared_postgres()->url(name_), clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    server_ = std::move(*made);
    // In the middle, so that either order passes over others first.
    insert(some_tasks(1, kMany));
    insert(a_batch({a_task(5001).queue("rare"), a_task(5002).queue("rare").kind("odd"),
                    a_task(5003).queue("rare")}));
    insert(some_tasks(kMany + 1, 2 * kMany));
  }
  void TearDown() override {
    if (name_.empty()) return;
    server_.reset();
    shared_postgres()->drop_database(name_);
  }

  void insert(const std::vector<TaskRequest>& tasks) {
    const auto inserted = server_->ledger().insert(tasks);
    ASSERT_TRUE(inserted.has_value()) << inserted.error().message;
  }
  std::vector<Uuid> page(PageParams params, std::string* cursor = nullptr) {
    const auto page = server_->reader().page(params);
    EXPECT_TRUE(page.has_value()) << page.error().message;
    std::vector<Uuid> ids;
    for (const Task& task : page->tasks) ids.push_back(task.id());
    if (cursor != nullptr) *cursor = page->next_cursor;
    return ids;
  }

  SystemClock clock_;
  std::string name_;
  std::unique_ptr<PostgresLedger> server_;
};

TEST_F(PostgresPages, FewAmongManyAreFoundInEitherOrderAndPageByPage) {
  for (const PageOrder order : {PageOrder::newest_first, PageOrder::oldest_first}) {
    std::vector<Uuid> all = task_ids({5001, 5002, 5003});
    if (order == PageOrder::newest_first) std::ranges::reverse(all);
    EXPECT_EQ(page({.filter = {.queue = "rare"}, .order = order}), all);
    std::string cursor;
    EXPECT_THAT(page({.filter = {.queue = "rare"}, .order = order, .limit = 2}, &cursor),
                ElementsAre(all[0], all[1]));
    ASSERT_FALSE(cursor.empty());
    EXPECT_THAT(
        page({.filter = {.queue = "rare"}, .order = order, .cursor = cursor, .limit = 2}, &cursor),
        ElementsAre(all[2]));
    EXPECT_EQ(cursor, "");
    EXPECT_EQ(page({.filter = {.queue = "rare", .kind = "odd"}, .order = order}), task_ids({5002}));
  }
}

TEST_F(PostgresPages, WhatIsNowhereIsAnEmptyPage) {
  for (const PageOrder order :
       {PageOrder::newest_first, PageOrder::oldest_first, PageOrder::first_finished}) {
    EXPECT_THAT(page({.filter = {.queue = "nosuch"}, .order = order}), IsEmpty());
    EXPECT_THAT(page({.filter = {.states = {State::failed}}, .order = order}), IsEmpty());
  }
}

TEST_F(PostgresPages, ManyAreFoundByTheirStateToo) {
  std::size_t count = 0;
  std::string cursor;
  do {
    count += page({.filter = {.states = {State::ready}}, .cursor = cursor, .limit = 700}, &cursor)
                 .size();
  } while (!cursor.empty());
  EXPECT_EQ(count, 2u * kMany + 3);
}

}  // namespace
}  // namespace waybill
