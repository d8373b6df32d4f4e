// What every RunStore does.

#include <gmock/gmock.h>

#include <array>

#include "tests/conformance/run_store/builders.h"
#include "tests/conformance/run_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RunStoreConformance);

using namespace run_store_suite;

namespace {

using pipeline::BegunAs;
using pipeline::KeptNode;
using pipeline::KeptRun;
using pipeline::NodeChange;
using pipeline::NodeState;
using pipeline::RunState;
using pipeline::Stop;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

}  // namespace

KeptRun RunStoreConformance::make(std::uint8_t id, const std::string& name) {
  const NewRun made = a_run(id, name);
  EXPECT_EQ(store().create(made), RunMade::made);
  return made.run;
}

KeptRun RunStoreConformance::make_running(std::uint8_t id, const std::string& name) {
  KeptRun run = make(id, name);
  EXPECT_EQ(hold_one(store(), held_by("one", id)), true);
  return run;
}

KeptRun RunStoreConformance::get(const Uuid& id) {
  auto run = store().get(id);
  EXPECT_TRUE(run) << run.error().message;
  return run ? std::move(*run) : KeptRun{};
}

std::vector<KeptNode> RunStoreConformance::nodes(const Uuid& id) {
  auto found =
      store().nodes({.run = id, .states = {}, .after = {}, .with_root = true, .limit = 1000});
  EXPECT_TRUE(found) << found.error().message;
  return found ? std::move(*found) : std::vector<KeptNode>();
}

std::vector<int> RunStoreConformance::page(const RunQuery& query) {
  std::vector<int> ids;
  const auto found = store().page(query);
  EXPECT_TRUE(found) << found.error().message;
  if (!found) return ids;
  for (const KeptRun& run : found->runs) ids.push_back(run.id.bytes[15]);
  return ids;
}

namespace {

TEST_P(RunStoreConformance, ARunIsKeptAsItWasAskedForAndWaits) {
  const KeptRun made = make(1);
  const KeptRun kept = get(run_id(1));
  EXPECT_EQ(kept, made);
  EXPECT_EQ(kept.state, RunState::waiting);
  EXPECT_EQ(store().plan(made.plan).value(), a_run(1).plan);
  EXPECT_THAT(nodes(run_id(1)), IsEmpty());
}

TEST_P(RunStoreConformance, WhatANodeLeftAndWeighsIsKept) {
  make_running(1);
  pipeline::action::Start begun = start_of("a", 101);
  begun.task.params = R"({"x": 1})";
  ASSERT_TRUE(store().settle(settled(1, {begun, pipeline::action::Open{.path = "b", .bytes = 7}})));
  ASSERT_TRUE(nodes(run_id(1)).size() == 2u);
  EXPECT_EQ(nodes(run_id(1))[0].record.bytes, begun.task.params.size() + begun.task.spec.size());
  EXPECT_EQ(nodes(run_id(1))[1].record.bytes, 7u);
  pipeline::action::Finish finish = finish_of("a", NodeState::succeeded);
  finish.artifacts = R"({"é": {"sha256": "0"}})";
  pipeline::action::Finish reused = finish_of("c", NodeState::succeeded);
  reused.is_reused = true;
  reused.artifacts = "{}";
  ASSERT_TRUE(store().settle(settled(1, {finish, reused})));
  const auto after = nodes(run_id(1));
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0].record.artifacts, finish.artifacts);
  EXPECT_EQ(after[0].record.bytes, begun.task.params.size() + begun.task.spec.size());
  EXPECT_EQ(after[1].record.artifacts, "");
  EXPECT_EQ(after[2].record.artifacts, "{}");
  const auto light = store().nodes(
      {.run = run_id(1), .states = {}, .after = {}, .limit = 10, .with_texts = false});
  ASSERT_TRUE(light);
  EXPECT_EQ(light->front().record.artifacts, "");
}

TEST_P(RunStoreConformance, WhatIsLeftOutIsLeftOut) {
  NewRun made = a_run(1);
  made.run.priority.reset();
  made.run.reuse_from = {};
  made.run.anew.clear();
  ASSERT_TRUE(store().create(made));
  EXPECT_EQ(get(run_id(1)), made.run);
}

TEST_P(RunStoreConformance, MakingItAgainChangesNothing) {
  make(1);
  NewRun again = a_run(1);
  again.run.params = "{}";
  EXPECT_EQ(store().create(again), RunMade::there_already);
  EXPECT_EQ(get(run_id(1)).params, a_run(1).run.params);
}

TEST_P(RunStoreConformance, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(store().get(run_id(1)).error().code, Code::not_found);
  EXPECT_EQ(store().plan("x").error().code, Code::not_found);
  EXPECT_EQ(store().ask(stop_of(1, Stop::cancel)).error().code, Code::not_found);
  EXPECT_EQ(hold_one(store(), held_by("one", 1)), false);
  EXPECT_EQ(store().settle(settled(1, {})).error().code, Code::aborted);
}

TEST_P(RunStoreConformance, RunsAreListedLastFirstPageByPage) {
  for (const std::uint8_t id : {3, 1, 2}) make(id);
  EXPECT_THAT(page({}), ElementsAre(2, 1, 3));
  const auto first = store().page({.limit = 2});
  ASSERT_TRUE(first);
  ASSERT_FALSE(first->next_cursor.empty());
  EXPECT_THAT(page({.cursor = first->next_cursor, .limit = 2}), ElementsAre(3));
  EXPECT_EQ(store().page({.cursor = "x"}).error().code, Code::invalid_argument);
}

TEST_P(RunStoreConformance, RunsAreListedByStatePipelineWhoAndId) {
  make_running(1);
  make(2);
  make_running(3, "q");
  ASSERT_TRUE(
      store().settle({.id = run_id(3), .holder = "one", .at = kNow, .state = RunState::failed}));
  EXPECT_THAT(page({.states = {RunState::waiting, RunState::failed}}), ElementsAre(3, 2));
  EXPECT_THAT(page({.pipeline = "q"}), ElementsAre(3));
  EXPECT_THAT(page({.created_by = "cli:ann"}), ElementsAre(3, 2, 1));
  EXPECT_THAT(page({.created_by = "cli:bob"}), IsEmpty());
  EXPECT_THAT(page({.id_first = run_id(1), .id_last = run_id(2)}), ElementsAre(2, 1));
}

TEST_P(RunStoreConformance, RunsAreListedByWhenTheyWereMade) {
  for (const std::uint8_t id : {1, 2, 3}) {
    NewRun made = a_run(id);
    made.run.created_at = later(10 * id);
    ASSERT_TRUE(store().create(made));
  }
  EXPECT_THAT(page({.created_after = later(20)}), ElementsAre(3, 2)) << "at this time or later";
  EXPECT_THAT(page({.created_before = later(20)}), ElementsAre(1)) << "before it";
  EXPECT_THAT(page({.created_after = later(20), .created_before = later(30)}), ElementsAre(2));
  EXPECT_THAT(page({.created_after = later(31)}), IsEmpty());
}

TEST_P(RunStoreConformance, LiveRunsAreListedFirstFirst) {
  for (const std::uint8_t id : {3, 1, 2}) make_running(id);
  ASSERT_TRUE(
      store().settle({.id = run_id(1), .holder = "one", .at = kNow, .state = RunState::succeeded}));
  EXPECT_THAT(page({.is_live = true}), ElementsAre(3, 2));
  const auto first = store().page({.is_live = true, .limit = 1});
  ASSERT_TRUE(first);
  EXPECT_THAT(page({.is_live = true, .cursor = first->next_cursor}), ElementsAre(2));
}

TEST_P(RunStoreConformance, TextsAreLeftOutWhereNobodyWantsThem) {
  make_running(1);
  ASSERT_TRUE(store().settle(settled(1, {finish_of("a", NodeState::succeeded, "[1]")})));
  for (const bool is_live : {false, true}) {
    const auto found = store().page({.is_live = is_live, .with_texts = false});
    ASSERT_TRUE(found);
    ASSERT_EQ(found->runs.size(), 1u);
    EXPECT_EQ(found->runs[0].params, "{}");
  }
  const auto found = store().nodes({.run = run_id(1), .with_texts = false});
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->at(0).record.outputs, "");
}

TEST_P(RunStoreConformance, OneHoldsARunAtATimeAndItRunsFromThenOn) {
  make(1);
  EXPECT_EQ(hold_one(store(), held_by("one", 1)), true);
  const KeptRun run = get(run_id(1));
  EXPECT_EQ(run.state, RunState::running);
  EXPECT_NE(run.started_at, Time{});
  EXPECT_EQ(hold_one(store(), held_by("two", 1)), false);
  EXPECT_EQ(hold_one(store(), held_by("one", 1)), true);
  EXPECT_EQ(store().settle({.id = run_id(1), .holder = "two"}).error().code, Code::aborted);
  EXPECT_EQ(hold_one(store(), held_by("one", 1, 0, 0)), true);
  EXPECT_EQ(hold_one(store(), held_by("two", 1)), true);
  EXPECT_EQ(store().settle(settled(1, {})).error().code, Code::aborted);
}

TEST_P(RunStoreConformance, SoManyOfAPipelineRunAtATime) {
  make(1);
  make(2);
  make(3, "q");
  const auto begin = [&](std::uint8_t id) {
    RunHold hold = held_by("one", id);
    hold.running_max = 1;
    return hold_one(store(), hold).value();
  };
  EXPECT_TRUE(begin(1));
  EXPECT_FALSE(begin(2));
  EXPECT_TRUE(begin(1));
  EXPECT_TRUE(begin(3));
  EXPECT_EQ(get(run_id(2)).state, RunState::waiting);
  ASSERT_TRUE(
      store().settle({.id = run_id(1), .holder = "one", .at = kNow, .state = RunState::cancelled}));
  EXPECT_TRUE(begin(2));
}

TEST_P(RunStoreConformance, ManyAreHeldAtOnceEachAnsweredForItself) {
  make(1);
  make_running(2);
  make(3);
  make(4);
  ASSERT_EQ(hold_one(store(), held_by("two", 3)), true);
  const RunHold holds[] = {held_by("one", 4), held_by("one", 3), held_by("one", 9),
                           held_by("one", 1), held_by("one", 2)};
  EXPECT_EQ(store().hold(holds).value(), (std::vector<bool>{true, false, false, true, true}));
  EXPECT_EQ(get(run_id(1)).state, RunState::running);
  EXPECT_EQ(store().hold({}).value(), std::vector<bool>());
}

TEST_P(RunStoreConformance, TurnsAreTakenInTheOrderOfTheHolds) {
  make(1);
  make(2);
  RunHold second = held_by("one", 2);
  RunHold first = held_by("one", 1);
  second.running_max = first.running_max = 1;
  EXPECT_EQ(store().hold(std::array{second, first}).value(), (std::vector<bool>{true, false}));
}

TEST_P(RunStoreConformance, ASettlementInsertsTasksAndWritesNodesDown) {
  make_running(1);
  ASSERT_TRUE(store().settle(settled(1, {pipeline::action::Open{.path = "", .due = later(9)},
                                         start_of("b", 11), approval_of("a")})));
  EXPECT_EQ(reader().get(run_id(11))->request.kind, "noop");
  const auto found = nodes(run_id(1));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].path, "");
  EXPECT_EQ(found[0].record.due, later(9));
  EXPECT_EQ(found[1].path, "a");
  EXPECT_EQ(found[1].kind, BegunAs::wait);
  EXPECT_EQ(*found[1].wait, approval_of("a").wait);
  EXPECT_EQ(found[1].record.due, later(60));
  EXPECT_EQ(found[2].kind, BegunAs::task);
  EXPECT_EQ(found[2].record.fingerprint, start_of("b", 11).fingerprint);
  EXPECT_EQ(found[2].began_at, later(1));
  EXPECT_EQ(found[2].ended_at, Time{});
}

TEST_P(RunStoreConformance, ATaskThatIsThereAlreadyIsNotInsertedTwice) {
  make_running(1);
  ASSERT_TRUE(store().settle(settled(1, {start_of("a", 11)})));
  ASSERT_TRUE(store().settle(settled(1, {start_of("a", 11), start_of("b", 12)})));
  EXPECT_EQ(nodes(run_id(1)).size(), 2u);
  const auto tasks = reader().page({.limit = 10});
  EXPECT_EQ(tasks->tasks.size(), 2u);
}

TEST_P(RunStoreConformance, ASettlementIsAllOrNothing) {
  make_running(1);
  RunSettlement bad = settled(1, {start_of("a", 11)});
  bad.tasks[0].kind = "";
  EXPECT_EQ(store().settle(bad).error().code, Code::invalid_argument);
  EXPECT_THAT(nodes(run_id(1)), IsEmpty());
  RunSettlement unheld = settled(1, {start_of("a", 11)});
  unheld.holder = "two";
  EXPECT_EQ(store().settle(unheld).error().code, Code::aborted);
  EXPECT_EQ(reader().get(run_id(11)).error().code, Code::not_found);
}

TEST_P(RunStoreConformance, NodesEndAndAreAskedToEnd) {
  make_running(1);
  ASSERT_TRUE(store().settle(settled(1, {start_of("a", 11), start_of("b", 12)})));
  RunSettlement next = settled(
      1, {finish_of("a", NodeState::succeeded, R"({"n":1})"),
          pipeline::action::Cancel{.path = "b", .id = {}, .stop = Stop::cancel, .reason = "by ann"},
          finish_of("c", NodeState::skipped),
          pipeline::action::Finish{.path = "d",
                                   .state = NodeState::succeeded,
                                   .outputs = "1",
                                   .error = "",
                                   .fingerprint = {{"kind", "9"}},
                                   .is_reused = true}});
  next.at = later(5);
  ASSERT_TRUE(store().settle(next));
  const auto found = nodes(run_id(1));
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].record.state, NodeState::succeeded);
  EXPECT_EQ(found[0].record.outputs, R"({"n":1})");
  EXPECT_EQ(found[0].record.fingerprint, start_of("a", 11).fingerprint);
  EXPECT_EQ(found[0].began_at, later(1));
  EXPECT_EQ(found[0].ended_at, later(5));
  EXPECT_EQ(found[1].record.stop, Stop::cancel);
  EXPECT_EQ(found[1].record.error, "by ann");
  EXPECT_EQ(found[1].record.state, NodeState::running);
  EXPECT_EQ(found[2].record.state, NodeState::skipped);
  EXPECT_TRUE(found[3].is_reused);
  EXPECT_EQ(found[3].record.fingerprint, (pipeline::Fingerprint{{"kind", "9"}}));
}

TEST_P(RunStoreConformance, NodesAreListedByPathStateAndKind) {
  make_running(1);
  ASSERT_TRUE(store().settle(
      settled(1, {pipeline::action::Open{.path = ""}, start_of("b[10]", 11), start_of("b[2]", 12),
                  approval_of("c"), start_of("B", 13), finish_of("a", NodeState::failed)})));
  const auto paths = [&](NodeQuery query) {
    std::vector<std::string> names;
    query.run = run_id(1);
    const auto found = store().nodes(query);
    for (const KeptNode& node : *found) names.push_back(node.path);
    return names;
  };
  EXPECT_THAT(paths({}), ElementsAre("B", "a", "b[10]", "b[2]", "c"));
  EXPECT_THAT(paths({.with_root = true, .limit = 2}), ElementsAre("", "B"));
  EXPECT_THAT(paths({.after = "a", .with_root = true, .limit = 2}), ElementsAre("b[10]", "b[2]"));
  EXPECT_THAT(paths({.states = {NodeState::failed}}), ElementsAre("a"));
  EXPECT_THAT(paths({.waits_only = true}), ElementsAre("c"));
}

TEST_P(RunStoreConformance, ARunEndsWithWhatItGave) {
  make_running(1);
  RunSettlement end = settled(1, {finish_of("", NodeState::succeeded)});
  end.state = RunState::succeeded;
  end.outputs = R"({"n":1})";
  ASSERT_TRUE(store().settle(end));
  const KeptRun run = get(run_id(1));
  EXPECT_EQ(run.state, RunState::succeeded);
  EXPECT_EQ(run.outputs, R"({"n":1})");
  EXPECT_EQ(run.ended_at, later(1));
  EXPECT_EQ(store().settle(settled(1, {})).error().code, Code::aborted);
  EXPECT_EQ(hold_one(store(), held_by("one", 1)), false);
  EXPECT_EQ(store().ask(stop_of(1, Stop::cancel)).error().code, Code::failed_precondition);
}

TEST_P(RunStoreConformance, ARunThatIsAskedToEndKnowsByWhom) {
  make_running(1);
  ASSERT_TRUE(store().ask(stop_of(1, Stop::cancel)));
  EXPECT_EQ(get(run_id(1)).stop, (pipeline::StopAsked{Stop::cancel, "ann", "why"}));
  EXPECT_EQ(get(run_id(1)).asked, 1);
  ASSERT_TRUE(store().ask(stop_of(1, Stop::cancel, "bob")));
  EXPECT_EQ(get(run_id(1)).stop.by, "ann");
  ASSERT_TRUE(store().ask(stop_of(1, Stop::at_once, "bob")));
  EXPECT_EQ(get(run_id(1)).stop.by, "bob");
  EXPECT_EQ(get(run_id(1)).asked, 2);
  ASSERT_TRUE(store().settle(settled(1, {})));
  EXPECT_EQ(get(run_id(1)).stop.by, "bob");
}

TEST_P(RunStoreConformance, AnApprovalIsAnsweredOnce) {
  make_running(1);
  ASSERT_TRUE(store().settle(settled(1, {approval_of("a"), start_of("b", 11)})));
  EXPECT_EQ(store().ask(answer_of(1, "b")).error().code, Code::failed_precondition);
  EXPECT_EQ(store().ask(answer_of(1, "x")).error().code, Code::failed_precondition);
  ASSERT_TRUE(store().ask(answer_of(1, "a")));
  EXPECT_THAT(store().ask(answer_of(1, "a")).error().message, HasSubstr("waits for no approval"));
  EXPECT_EQ(get(run_id(1)).asked, 1);
  EXPECT_EQ(nodes(run_id(1))[0].decision, answer_of(1, "a").decision);
}

TEST_P(RunStoreConformance, AnApprovalThatIsOverIsNotAnswered) {
  make_running(1);
  ASSERT_TRUE(store().settle(settled(1, {approval_of("a")})));
  ASSERT_TRUE(store().settle(settled(1, {finish_of("a", NodeState::cancelled)})));
  EXPECT_EQ(store().ask(answer_of(1, "a")).error().code, Code::failed_precondition);
}

TEST_P(RunStoreConformance, OldRunsAreRemovedWithTheirPlans) {
  for (const std::uint8_t id : {1, 2, 3}) make_running(id, id == 3 ? "q" : "p");
  make(4);
  int at = 10;
  for (const std::uint8_t id : {2, 3, 1}) {
    RunSettlement end = settled(id, {finish_of("", NodeState::succeeded)});
    end.at = later(at++);
    end.state = RunState::succeeded;
    ASSERT_TRUE(store().settle(end));
  }
  EXPECT_EQ(store().remove(later(12), 1), 1u);
  EXPECT_THAT(page({}), ElementsAre(4, 3, 1));
  EXPECT_EQ(store().remove(later(12), 10), 1u);
  EXPECT_THAT(page({}), ElementsAre(4, 1));
  EXPECT_EQ(store().remove(later(12), 10), 0u);
  EXPECT_THAT(nodes(run_id(3)), IsEmpty());
  EXPECT_EQ(store().plan(a_run(3, "q").run.plan).error().code, Code::not_found);
  EXPECT_TRUE(store().plan(a_run(1).run.plan));
}

}  // namespace

}  // namespace waybill
