// LedgerReader: single tasks, pages, counts.

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>

#include "ports/known_tasks.h"
#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// All pages one after another; `between` runs after each page.
std::vector<Uuid> walk(
    LedgerReader& reader, PageParams params, const std::function<void()>& between = [] {}) {
  std::vector<Uuid> ids;
  for (int pages = 0; pages < 1000; ++pages) {
    const auto page = reader.page(params);
    EXPECT_TRUE(page.has_value()) << page.error().message;
    EXPECT_LE(page->tasks.size(), params.limit);
    for (const Task& task : page->tasks) ids.push_back(task.id());
    if (page->next_cursor.empty()) return ids;
    params.cursor = page->next_cursor;
    between();
  }
  ADD_FAILURE() << "the pages do not end";
  return ids;
}

TEST_P(LedgerConformance, AnUnknownTaskIsNotFoundByAnyQuestion) {
  const Uuid id = task_id(1);
  EXPECT_EQ(reader().get(id).error().code, Code::not_found);
  EXPECT_NE(reader().get(id).error().message.find("retention"), std::string::npos);
  EXPECT_EQ(reader().history(id).error().code, Code::not_found);
  EXPECT_EQ(reader().dependencies(id).error().code, Code::not_found);
  EXPECT_EQ(reader().reported(id).error().code, Code::not_found);
  EXPECT_EQ(reader().ahead(id, 10).error().code, Code::not_found);
}

TEST_P(LedgerConformance, OfManyTasksThoseThatAreThereAreKnown) {
  insert_one(a_task(1));
  insert_one(a_task(4'999));
  std::vector<Uuid> ids;
  for (int i = 0; i < 5'000; ++i) ids.push_back(task_id(i));
  const auto known = known_tasks(reader(), ids);
  ASSERT_TRUE(known.has_value()) << known.error().message;
  ASSERT_EQ(known->size(), ids.size());
  for (int i = 0; i < 5'000; ++i) EXPECT_EQ((*known)[i], i == 1 || i == 4'999) << i;
  EXPECT_THAT(*known_tasks(reader(), {}), IsEmpty());
}

TEST_P(LedgerConformance, AHistoryTellsEachStepWithTimeFenceWorkerAndReason) {
  const Time start = clock_.now();
  insert_one(a_task(1).created_by("cli:ann"));
  clock_.advance(1s);
  claim(1, {.worker = "w1"});
  clock_.advance(1s);
  ASSERT_TRUE(happen(task_id(1), event::GiveBack{.fence = 1, .reason = "worker stops"}));
  const auto history = reader().history(task_id(1));
  ASSERT_TRUE(history.has_value());
  const std::vector<HistoryEntry> expected = {
      {start, Happening::created, State::ready, 0, 0, "", "cli:ann"},
      {start + 1s, Happening::claimed, State::leased, 1, 1, "w1", ""},
      {start + 2s, Happening::given_back, State::ready, 1, 1, "", "worker stops"}};
  EXPECT_EQ(*history, expected);
}

TEST_P(LedgerConformance, PagesGoNewestFirstOrOldestFirst) {
  insert(some_tasks(1, 5));
  EXPECT_EQ(walk(reader(), {.limit = 2}), task_ids({5, 4, 3, 2, 1}));
  EXPECT_EQ(walk(reader(), {.order = PageOrder::oldest_first, .limit = 2}),
            task_ids({1, 2, 3, 4, 5}));
}

TEST_P(LedgerConformance, ALastPageThatIsJustFullIsTheLast) {
  insert(some_tasks(1, 4));
  PageParams params{.limit = 4};
  EXPECT_EQ(reader().page(params)->next_cursor, "");
  EXPECT_EQ(walk(reader(), {.limit = 2}).size(), 4u);
}

TEST_P(LedgerConformance, PagesNeitherRepeatNorMissWhileTasksAreInsertedAndChanged) {
  insert(some_tasks(1, 20));
  int next = 21;
  const auto disturb = [&] {
    insert_one(a_task(next++));
    succeed(claim(1).at(0));
  };
  const auto newest = walk(reader(), {.limit = 3}, disturb);
  std::vector<Uuid> expected;
  for (int i = 20; i >= 1; --i) expected.push_back(task_id(i));
  EXPECT_EQ(newest, expected);
  const auto oldest = walk(reader(), {.order = PageOrder::oldest_first, .limit = 5}, disturb);
  const std::set<Uuid> distinct(oldest.begin(), oldest.end());
  EXPECT_EQ(distinct.size(), oldest.size());
  for (int i = 1; i <= 20; ++i) EXPECT_TRUE(distinct.contains(task_id(i))) << i;
}

TEST_P(LedgerConformance, PagesGoOnAfterTheirLastTaskWasRemoved) {
  insert(some_tasks(1, 6));
  for (const Task& task : claim(6)) succeed(task);
  const auto seen = walk(reader(), {.limit = 2}, [&] {
    (void)ledger().remove(task_ids({5, 3, 1}), kTimeMax);
  });
  EXPECT_EQ(seen, task_ids({6, 5, 4, 2}));
}

TEST_P(LedgerConformance, APageLooksAtNoMoreTasksThanItMayAndGoesOnWhereItEnded) {
  insert(some_tasks(1, 9));
  insert_one(a_task(10).created_by("cli:ann"));
  insert(some_tasks(11, 20));
  const PageParams params{.filter = {.created_by = "cli:ann"}, .limit = 5, .looked_max = 4};
  const auto first = reader().page(params);
  ASSERT_TRUE(first);
  EXPECT_THAT(first->tasks, IsEmpty());
  EXPECT_NE(first->next_cursor, "");
  EXPECT_EQ(walk(reader(), params), task_ids({10}));
  PageParams by_finish = params;
  by_finish.order = PageOrder::first_finished;
  for (const Task& task : claim(20)) succeed(task);
  EXPECT_EQ(walk(reader(), by_finish), task_ids({10}));
}

TEST_P(LedgerConformance, APageEndsWithTheTaskThatReachesItsBytes) {
  const std::string large = R"({"text":")" + std::string(10'000, 'x') + R"("})";
  for (int i = 1; i <= 50; ++i) insert_one(a_task(i).params(i % 2 == 0 ? large : "{}"));
  const PageParams params{.order = PageOrder::oldest_first, .bytes_max = 25'000};
  const auto first = reader().page(params);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->tasks.size(), 6u);
  EXPECT_EQ(first->tasks.back().id(), task_id(6));
  std::vector<Uuid> all;
  for (int i = 1; i <= 50; ++i) all.push_back(task_id(i));
  EXPECT_EQ(walk(reader(), params), all);
  PageParams one_by_one = params;
  one_by_one.bytes_max = 1;
  EXPECT_EQ(reader().page(one_by_one)->tasks.size(), 1u);
  EXPECT_EQ(walk(reader(), one_by_one), all);
}

TEST_P(LedgerConformance, LabelsAndTextSelect) {
  insert_one(a_task(1).label("team", "a").label("size", "big"));
  insert_one(a_task(2).label("team", "b").params(R"({"url":"https://example.org/x"})"));
  insert_one(a_task(3).definition("nightly"));
  const auto select = [&](TaskFilter filter) { return walk(reader(), {.filter = filter}); };
  EXPECT_EQ(select({.labels = {{"team", "a"}}}), task_ids({1}));
  EXPECT_EQ(select({.labels = {{"size", "big"}, {"team", "a"}}}), task_ids({1}));
  EXPECT_EQ(select({.labels = {{"size", "big"}, {"team", "b"}}}), task_ids({}));
  EXPECT_EQ(select({.text = "example.org"}), task_ids({2}));
  EXPECT_EQ(select({.text = "night"}), task_ids({3}));
  EXPECT_EQ(select({.text = "big"}), task_ids({1}));
  const std::string id = to_string(task_id(2));
  EXPECT_EQ(select({.text = id.substr(9)}), task_ids({2}));
  EXPECT_EQ(select({.text = id.substr(0, 4)}), task_ids({2}));
  EXPECT_EQ(select({.text = id.substr(id.size() - 7)}), task_ids({})) << "too little of it";
  EXPECT_EQ(select({.text = "nowhere"}), task_ids({}));
}

TEST_P(LedgerConformance, ACursorThatIsNotOursIsRefused) {
  insert(some_tasks(1, 3));
  for (const std::string cursor : {"nonsense", "-1", "1;DROP", " "}) {
    const auto page = reader().page({.cursor = cursor});
    ASSERT_FALSE(page.has_value()) << cursor;
    EXPECT_EQ(page.error().code, Code::invalid_argument);
  }
  for (const std::string cursor : {"nonsense", "1", "1.", ".1", "1.x", "1.2.3"}) {
    const auto page = reader().page({.order = PageOrder::first_finished, .cursor = cursor});
    ASSERT_FALSE(page.has_value()) << cursor;
    EXPECT_EQ(page.error().code, Code::invalid_argument);
  }
}

TEST_P(LedgerConformance, EachFilterFieldSelects) {
  const Time start = clock_.now();
  insert_one(a_task(1).queue("a").definition("x").created_by("cli:ann"));
  clock_.advance(10s);
  insert_one(a_task(2).queue("b").kind("http").definition("y").created_by("cli:bob"));
  clock_.advance(10s);
  insert_one(a_task(3).queue("a"));
  const auto select = [&](TaskFilter filter) {
    return walk(reader(), {.filter = filter, .limit = 2});
  };
  EXPECT_EQ(select({.queue = "a"}), task_ids({3, 1}));
  EXPECT_EQ(select({.kind = "http"}), task_ids({2}));
  EXPECT_EQ(select({.definition = "x"}), task_ids({1}));
  EXPECT_EQ(select({.created_by = "cli:bob"}), task_ids({2}));
  EXPECT_EQ(select({.created_after = start + 10s}), task_ids({3, 2}));
  EXPECT_EQ(select({.created_before = start + 10s}), task_ids({1}));
  EXPECT_EQ(select({.queue = "a", .created_after = start + 1s}), task_ids({3}));
  EXPECT_THAT(select({.queue = "nowhere"}), IsEmpty());
}

TEST_P(LedgerConformance, TasksAreSelectedByStateAndByTheTimeTheyFinished) {
  insert(some_tasks(1, 4));
  const auto leased = claim(3);
  succeed(leased[0]);
  const Time first = clock_.now();
  clock_.advance(10s);
  succeed(leased[1]);
  const auto select = [&](TaskFilter filter) {
    return walk(reader(), {.filter = filter, .limit = 2});
  };
  EXPECT_EQ(select({.states = {State::succeeded}}), task_ids({2, 1}));
  EXPECT_EQ(select({.states = {State::leased, State::ready}}), task_ids({4, 3}));
  EXPECT_EQ(select({.finished_before = first + 1us}), task_ids({1}));
  EXPECT_THAT(select({.finished_before = first}), IsEmpty());
  EXPECT_EQ(select({.states = {State::succeeded}, .finished_before = first + 1h}),
            task_ids({2, 1}));
}

TEST_P(LedgerConformance, PagesForRetentionGoByTheTimeTasksFinishedAndHaveNoOthers) {
  insert(some_tasks(1, 5));
  insert_one(a_task(6).queue("other"));
  const auto leased = claim(4);
  const Task other = claim(1, {.queues = {"other"}}).at(0);
  for (const int number : {3, 1}) {
    succeed(leased[static_cast<std::size_t>(number - 1)]);
    clock_.advance(10s);
  }
  ASSERT_TRUE(happen(task_id(5), event::Cancel{.by = "ann"}));
  succeed(other);
  succeed(leased[1]);
  const auto select = [&](TaskFilter filter) {
    return walk(reader(), {.filter = filter, .order = PageOrder::first_finished, .limit = 2});
  };
  EXPECT_EQ(select({}), task_ids({3, 1, 2, 5, 6}));
  EXPECT_EQ(select({.states = {State::succeeded}, .queue = "default"}), task_ids({3, 1, 2}));
  EXPECT_EQ(select({.finished_before = clock_.now()}), task_ids({3, 1}));
  EXPECT_THAT(select({.states = {State::leased, State::ready}}), IsEmpty());
}

TEST_P(LedgerConformance, TasksThatOthersWaitForCanBeLeftOutOfAPage) {
  insert({a_task(1), a_task(2), a_task(3), a_task(4).waits_for({task_id(1), task_id(3)})});
  succeed(claim_id(task_id(1)));
  for (const int number : {2, 3}) {
    ASSERT_TRUE(happen(task_id(number), event::Cancel{.by = "ann"}));
  }
  const TaskFilter unneeded{.waiters = Waiters::none};
  EXPECT_EQ(walk(reader(), {.filter = unneeded, .limit = 1}), task_ids({4, 2, 1}));
  EXPECT_EQ(walk(reader(), {.filter = unneeded, .order = PageOrder::first_finished, .limit = 1}),
            task_ids({1, 2}));
}

TEST_P(LedgerConformance, PagesForRetentionGoOnAfterWhatTheyGaveWasRemoved) {
  insert(some_tasks(1, 5));
  for (const Task& task : claim(5)) succeed(task);
  int removed = 0;
  const auto seen = walk(reader(), {.order = PageOrder::first_finished, .limit = 2}, [&] {
    (void)ledger().remove(task_ids({removed + 1, removed + 2}), kTimeMax);
    removed += 2;
  });
  EXPECT_EQ(seen, task_ids({1, 2, 3, 4, 5}));
}

TEST_P(LedgerConformance, PagesOfAStateKeepTheOrderOfAcceptanceAcrossQueues) {
  std::vector<TaskRequest> requests;
  for (int i = 1; i <= 30; ++i) {
    requests.push_back(a_task(i).queue(i % 3 == 0 ? "a" : "default").priority(i % 5));
  }
  insert(requests);
  for (const int number : {20, 4, 9, 25, 14}) {
    ASSERT_TRUE(happen(task_id(number), event::Cancel{.by = "ann"}));
  }
  const auto select = [&](PageOrder order, TaskFilter filter) {
    return walk(reader(), {.filter = filter, .order = order, .limit = 2});
  };
  const TaskFilter cancelled{.states = {State::cancelled}};
  EXPECT_EQ(select(PageOrder::newest_first, cancelled), task_ids({25, 20, 14, 9, 4}));
  EXPECT_EQ(select(PageOrder::oldest_first, cancelled), task_ids({4, 9, 14, 20, 25}));
  EXPECT_EQ(select(PageOrder::newest_first, {.states = {State::ready}, .queue = "a"}),
            task_ids({30, 27, 24, 21, 18, 15, 12, 6, 3}));
}

TEST_P(LedgerConformance, ARangeOfIdsSelects) {
  insert(some_tasks(1, 5));
  std::vector<int> by_id = {1, 2, 3, 4, 5};
  std::ranges::sort(by_id, {}, task_id);
  const auto newest_first = [&](std::size_t first, std::size_t last) {
    std::vector<int> numbers(by_id.begin() + first, by_id.begin() + last + 1);
    std::ranges::sort(numbers, std::greater<>());
    std::vector<Uuid> ids;
    for (const int number : numbers) ids.push_back(task_id(number));
    return ids;
  };
  const auto select = [&](TaskFilter filter) {
    return walk(reader(), {.filter = filter, .limit = 2});
  };
  EXPECT_EQ(select({.id_first = task_id(by_id[1]), .id_last = task_id(by_id[3])}),
            newest_first(1, 3));
  EXPECT_EQ(select({.id_first = task_id(by_id[3])}), newest_first(3, 4));
  EXPECT_EQ(select({.id_last = task_id(by_id[1])}), newest_first(0, 1));
  EXPECT_THAT(select({.queue = "nowhere", .id_last = task_id(by_id[4])}), IsEmpty());
}

TEST_P(LedgerConformance, CountsFollowEachKindOfChange) {
  using Counts = std::vector<std::int64_t>;
  const auto counts = [&] {
    Counts all;
    for (int i = 0; i < kStateCount; ++i) all.push_back(count("default", static_cast<State>(i)));
    return all;
  };
  insert({a_task(1), a_task(2).waits_for({task_id(1)}), a_task(3).run_at(clock_.now() + 1min)});
  EXPECT_EQ(counts(), (Counts{1, 1, 1, 0, 0, 0, 0}));
  insert({a_task(1), a_task(4)});
  EXPECT_EQ(counts(), (Counts{1, 1, 2, 0, 0, 0, 0}));
  const Task leased = claim_id(task_id(1));
  claim_id(task_id(4));
  EXPECT_EQ(counts(), (Counts{1, 1, 0, 2, 0, 0, 0}));
  succeed(leased);
  EXPECT_EQ(counts(), (Counts{0, 1, 1, 1, 1, 0, 0}));
  ASSERT_TRUE(happen(task_id(4), event::Fail{.fence = 1}));
  EXPECT_EQ(counts(), (Counts{0, 2, 1, 0, 1, 0, 0}));
  ASSERT_TRUE(happen(task_id(2), event::Cancel{.by = "ann"}));
  EXPECT_EQ(counts(), (Counts{0, 2, 0, 0, 1, 0, 1}));
  clock_.advance(1min);
  ASSERT_TRUE(happen(task_id(3), event::Due{}));
  claim_id(task_id(3));
  ASSERT_TRUE(happen(task_id(3), event::Fail{1, FailureClass::permanent, "no", {}}));
  EXPECT_EQ(counts(), (Counts{0, 1, 0, 0, 1, 1, 1}));
  ASSERT_TRUE(happen(task_id(2), event::Retry{.by = "ann"}));
  EXPECT_EQ(counts(), (Counts{0, 1, 1, 0, 1, 1, 0}));
  ASSERT_EQ(ledger().remove(task_ids({1, 3}), kTimeMax)->size(), 2u);
  EXPECT_EQ(counts(), (Counts{0, 1, 1, 0, 0, 0, 0}));
}

TEST_P(LedgerConformance, CountsNameEveryQueueThatEverHadATaskInOrder) {
  insert({a_task(1).queue("b"), a_task(2).queue("a")});
  succeed(claim(1, {.queues = {"b"}}).at(0));
  ASSERT_EQ(ledger().remove(task_ids({1}), kTimeMax)->size(), 1u);
  std::vector<std::string> queues;
  const auto counts = reader().counts();
  for (const QueueCounts& of_queue : *counts) queues.push_back(of_queue.queue);
  EXPECT_THAT(queues, ElementsAre("a", "b"));
}

TEST_P(LedgerConformance, ARefusedChangeIsNotCounted) {
  insert_one(a_task(1));
  const Change change = change_of(claim_one(), event::Succeed{.fence = 1});
  ASSERT_TRUE(apply_one(change));
  ASSERT_FALSE(apply_one(change));
  EXPECT_EQ(count("default", State::succeeded), 1);
  EXPECT_EQ(count("default", State::leased), 0);
}

TEST_P(LedgerConformance, DependenciesAreListedWithTheStateEachIsIn) {
  insert({a_task(1), a_task(2), a_task(3).waits_for({task_id(1), task_id(2)})});
  succeed(claim_id(task_id(1)));
  const auto dependencies = reader().dependencies(task_id(3));
  ASSERT_TRUE(dependencies.has_value());
  std::set<std::pair<Uuid, State>> seen;
  for (const Dependency& one : *dependencies) seen.insert({one.id, one.state});
  EXPECT_THAT(seen, ::testing::UnorderedElementsAre(std::pair(task_id(1), State::succeeded),
                                                    std::pair(task_id(2), State::ready)));
  EXPECT_THAT(*reader().dependencies(task_id(1)), IsEmpty());
}

TEST_P(LedgerConformance, AheadCountsTheReadyTasksOfTheQueueThatStartBefore) {
  insert({a_task(1), a_task(2).priority(5), a_task(3), a_task(4).queue("other").priority(9),
          a_task(5).run_at(clock_.now() + 1h), a_task(6).priority(-5)});
  EXPECT_EQ(*reader().ahead(task_id(2), 100), 0u);
  EXPECT_EQ(*reader().ahead(task_id(1), 100), 1u);
  EXPECT_EQ(*reader().ahead(task_id(3), 100), 2u);
  EXPECT_EQ(*reader().ahead(task_id(6), 100), 3u);
  EXPECT_EQ(*reader().ahead(task_id(6), 2), 2u);
  EXPECT_EQ(*reader().ahead(task_id(5), 100), 0u);
  claim_id(task_id(2));
  EXPECT_EQ(*reader().ahead(task_id(3), 100), 1u);
}

}  // namespace
}  // namespace waybill
