// Pages of runs and nodes end before they are too large to hold.

#include <gmock/gmock.h>

#include "tests/conformance/run_store/builders.h"
#include "tests/conformance/run_store/suite.h"

namespace waybill {

using namespace run_store_suite;

namespace {

using pipeline::KeptNode;
using testing::ElementsAre;

constexpr int kMany = 120;  // more than a store asks its database for at once

TEST_P(RunStoreConformance, APageOfRunsEndsWithTheOneThatReachesItsBytes) {
  for (std::uint8_t id = 1; id <= 5; ++id) {
    NewRun made = a_run(id);
    made.run.params = R"({"x": ")" + std::string(id == 4 ? 5'000 : 900, 'x') + "\"}";
    ASSERT_TRUE(store().create(made));
  }
  EXPECT_THAT(page({.limit = 10, .bytes_max = 1'500}), ElementsAre(5, 4));
  const auto first = store().page({.limit = 10, .bytes_max = 1'500});
  ASSERT_FALSE(first->next_cursor.empty());
  EXPECT_THAT(page({.cursor = first->next_cursor, .limit = 10, .bytes_max = 1'500}),
              ElementsAre(3, 2));
  EXPECT_THAT(page({.limit = 10, .bytes_max = 1}), ElementsAre(5)) << "one at least";
  EXPECT_THAT(page({.is_live = true, .limit = 10, .bytes_max = 1'500}), ElementsAre(1, 2));
  EXPECT_THAT(page({.limit = 10, .with_texts = false, .bytes_max = 1'500}),
              ElementsAre(5, 4, 3, 2, 1));
}

TEST_P(RunStoreConformance, AllRunsAreReadByPagesOfFewBytes) {
  for (int id = 1; id <= kMany; ++id) make(static_cast<std::uint8_t>(id));
  std::vector<int> all;
  RunQuery query{.limit = 1'000, .bytes_max = 1 << 20};
  const auto whole = store().page(query);
  EXPECT_EQ(whole->runs.size(), static_cast<std::size_t>(kMany));
  EXPECT_EQ(whole->next_cursor, "");
  query.bytes_max = 100;
  for (;;) {
    const auto found = store().page(query);
    ASSERT_TRUE(found);
    for (const auto& run : found->runs) all.push_back(run.id.bytes[15]);
    if (found->next_cursor.empty()) break;
    query.cursor = found->next_cursor;
  }
  ASSERT_EQ(all.size(), static_cast<std::size_t>(kMany));
  EXPECT_EQ(all.front(), kMany);
  EXPECT_EQ(all.back(), 1);
}

TEST_P(RunStoreConformance, APageOfNodesEndsWithTheOneThatReachesItsBytes) {
  make_running(1);
  std::vector<pipeline::Action> actions;
  for (int i = 0; i < kMany; ++i) {
    actions.push_back(finish_of("n" + std::to_string(100 + i), NodeState::succeeded,
                                "\"" + std::string(1'000, 'x') + "\""));
  }
  ASSERT_TRUE(store().settle(settled(1, std::move(actions))));
  NodeQuery query{.run = run_id(1), .limit = 1'000, .bytes_max = 2'500};
  std::size_t seen = 0;
  for (;;) {
    const auto found = store().nodes(query);
    ASSERT_TRUE(found);
    seen += found->size();
    if (!is_full(*found, query)) break;
    ASSERT_EQ(found->size(), 3u);
    query.after = found->back().path;
  }
  EXPECT_EQ(seen, static_cast<std::size_t>(kMany));
  query = {.run = run_id(1), .limit = 1'000, .bytes_max = 1 << 20};
  const auto all = store().nodes(query);
  EXPECT_EQ(all->size(), static_cast<std::size_t>(kMany));
  EXPECT_FALSE(is_full(*all, query));
}

}  // namespace
}  // namespace waybill
