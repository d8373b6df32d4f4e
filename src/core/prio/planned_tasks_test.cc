#include "core/prio/planned_tasks.h"

#include <gtest/gtest.h>

#include "core/prio/message.h"
#include "tests/scan/planner_fixture.h"

namespace waybill::prio {
namespace {

/// Two intakes and an aggregation of one of them.
class PlannedTasksTest : public PrioPlans {
 protected:
  PlannedTasks tasks() {
    for (const char* batch : {"k/2020/10/31/11/30/b", "k/2020/10/31/11/31/<\u00e9>"}) {
      add_ingestion(batch);
    }
    add_ingestion("k/2020/10/31/08/00/a");
    add_validation("k/2020/10/31/08/00/a");
    PrioPlanner planner(scan_, kNow);
    for (auto listings = planner.listings(); !listings.empty(); listings = planner.listings()) {
      for (const ScanListing& listing : listings) {
        for (const auto& found : store_.list(listing)) feed(planner, found);
      }
    }
    return planner.finish_in_turn().tasks;
  }
  static std::vector<std::string> what(const PlannedTasks& tasks, std::size_t first) {
    std::vector<std::string> what;
    tasks.for_each([&](const PlannedTask& task) { what.push_back(task.what); }, first);
    return what;
  }
};

TEST_F(PlannedTasksTest, AreShownFromAnyIndexOn) {
  const PlannedTasks tasks = this->tasks();
  ASSERT_EQ(tasks.size(), 3u);
  const std::vector<std::string> all = what(tasks, 0);
  ASSERT_EQ(all.size(), 3u);
  for (std::size_t first = 0; first <= 3; ++first) {
    EXPECT_EQ(what(tasks, first), std::vector<std::string>(
                                      all.begin() + static_cast<std::ptrdiff_t>(first), all.end()));
  }
}

TEST_F(PlannedTasksTest, AnIntakesBatchIsWhatItsMessageSays) {
  PlannedTasks tasks = this->tasks();
  ASSERT_EQ(tasks.intakes(), 2u);
  for (std::size_t i = 0; i < tasks.intakes(); ++i) {
    const auto message = decode_intake(tasks.take(i).params);
    ASSERT_TRUE(message);
    const NamedBatch batch = tasks.batch(i);
    EXPECT_EQ(batch.aggregation_id, message->aggregation_id);
    EXPECT_EQ(batch.id, message->batch_id);
    EXPECT_EQ(batch.time, message->date);
  }
}

}  // namespace
}  // namespace waybill::prio
