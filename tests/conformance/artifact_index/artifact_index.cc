#include <gmock/gmock.h>

#include <array>
#include <thread>

#include "base/digest.h"
#include "testing/builders.h"
#include "tests/conformance/artifact_index/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ArtifactIndexConformance);

using testing::ElementsAre;
using testing::IsEmpty;

namespace {

std::string digest(std::string_view of) { return to_hex(sha256(of)); }

Artifact an_artifact(std::string name, std::string_view bytes) {
  return {.name = std::move(name),
          .sha256 = digest(bytes),
          .size_bytes = static_cast<std::int64_t>(bytes.size()),
          .media_type = "text/plain",
          .created_at = {}};
}

}  // namespace

Task ArtifactIndexConformance::lease(int number) {
  EXPECT_TRUE(subject_.ledger->insert(a_batch({a_task(number)})));
  const auto claimed = subject_.ledger->claim(
      {.only_ids = {task_id(number)}, .worker = "w", .lease = std::chrono::seconds(30)});
  EXPECT_TRUE(claimed && claimed->size() == 1);
  return claimed->at(0);
}

void ArtifactIndexConformance::apply(const Task& task, const Event& event) {
  const auto change = transition(task, event, {.now = clock_.now(), .chance = 0.5});
  ASSERT_TRUE(change) << change.error().message;
  const auto applied = subject_.ledger->apply(std::array{*change});
  ASSERT_TRUE(applied);
  ASSERT_TRUE(applied->at(0)) << applied->at(0).error().message;
}

void ArtifactIndexConformance::succeed(const Task& task) {
  apply(task, event::Succeed{.fence = task.status.fence, .result = {}});
}

Status ArtifactIndexConformance::record(const Task& attempt, std::vector<Artifact> artifacts) {
  return index().record(
      {.task = attempt.id(), .fence = attempt.status.fence, .artifacts = std::move(artifacts)},
      clock_.now());
}

std::vector<std::string> ArtifactIndexConformance::names(int number) {
  const auto artifacts = index().list({.task = task_id(number), .after = "", .limit = 100});
  EXPECT_TRUE(artifacts) << artifacts.error().message;
  std::vector<std::string> names;
  if (!artifacts) return names;
  for (const Artifact& artifact : *artifacts) names.push_back(artifact.name);
  return names;
}

std::vector<std::string> ArtifactIndexConformance::condemn(
    const std::vector<std::string>& contents) {
  const auto condemned = index().condemn(contents, clock_.now());
  EXPECT_TRUE(condemned) << condemned.error().message;
  return condemned ? *condemned : std::vector<std::string>();
}

TEST_P(ArtifactIndexConformance, WhatAnAttemptLeavesIsSeenOnceItHasSucceeded) {
  const Task task = lease(1);
  EXPECT_THAT(names(1), IsEmpty());
  ASSERT_TRUE(record(task, {an_artifact("b", "2"), an_artifact("a/x", "1")}));
  EXPECT_THAT(names(1), IsEmpty());
  EXPECT_EQ(index().find(task_id(1), "b").error().code, Code::not_found);
  succeed(task);
  EXPECT_THAT(names(1), ElementsAre("a/x", "b"));
}

TEST_P(ArtifactIndexConformance, AnArtifactIsKeptWithAllItsFields) {
  const Task task = lease(1);
  Artifact artifact = an_artifact("größe & <b>.txt", "12345");
  ASSERT_TRUE(record(task, {artifact}));
  artifact.created_at = clock_.now();
  const auto recorded = index().recorded(task.id(), task.status.fence, artifact.sha256);
  ASSERT_TRUE(recorded) << recorded.error().message;
  EXPECT_EQ(*recorded, artifact);
  clock_.advance(std::chrono::seconds(1));
  succeed(task);
  const auto found = index().find(task.id(), artifact.name);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, artifact);
}

TEST_P(ArtifactIndexConformance, PagesGoOnAfterAName) {
  const Task task = lease(1);
  ASSERT_TRUE(record(task, {an_artifact("a", "1"), an_artifact("B", "2"), an_artifact("ä", "3")}));
  succeed(task);
  const auto page = [&](std::string after) {
    const auto artifacts = index().list({.task = task.id(), .after = after, .limit = 2});
    std::vector<std::string> found;
    for (const Artifact& artifact : *artifacts) found.push_back(artifact.name);
    return found;
  };
  EXPECT_THAT(page(""), ElementsAre("B", "a"));
  EXPECT_THAT(page("a"), ElementsAre("ä"));
  EXPECT_THAT(page("ä"), IsEmpty());
}

TEST_P(ArtifactIndexConformance, TheLastWordOfAnAttemptCounts) {
  const Task task = lease(1);
  ASSERT_TRUE(record(task, {an_artifact("a", "1"), an_artifact("b", "1")}));
  ASSERT_TRUE(record(task, {an_artifact("b", "2")}));
  ASSERT_TRUE(record(task, {an_artifact("b", "2")}));
  succeed(task);
  EXPECT_THAT(names(1), ElementsAre("b"));
  EXPECT_EQ(index().find(task.id(), "b")->sha256, digest("2"));
}

TEST_P(ArtifactIndexConformance, AnAttemptThatWasGivenUpCannotSpeakForItsSuccessor) {
  const Task first = lease(1);
  ASSERT_TRUE(record(first, {an_artifact("old", "1")}));
  apply(first, event::GiveBack{.fence = first.status.fence, .reason = "test"});
  EXPECT_EQ(record(first, {an_artifact("older", "1")}).error().code, Code::aborted);
  const Task second = lease(1);
  EXPECT_EQ(record(first, {an_artifact("oldest", "1")}).error().code, Code::aborted);
  const auto recorded = [&](const Task& attempt, std::string_view bytes) {
    return index().recorded(attempt.id(), attempt.status.fence, digest(bytes));
  };
  EXPECT_EQ(recorded(first, "1").error().code, Code::aborted);
  EXPECT_EQ(recorded(second, "1").error().code, Code::not_found);
  ASSERT_TRUE(record(second, {an_artifact("new", "2")}));
  EXPECT_EQ(record(first, {}).error().code, Code::aborted);
  succeed(second);
  EXPECT_THAT(names(1), ElementsAre("new"));
  EXPECT_EQ(record(second, {}).error().code, Code::aborted);
}

TEST_P(ArtifactIndexConformance, WhatTheAttemptBeforeLeftIsNotTheNextOnes) {
  const Task first = lease(1);
  ASSERT_TRUE(record(first, {an_artifact("old", "1")}));
  apply(first, event::GiveBack{.fence = first.status.fence, .reason = "test"});
  succeed(lease(1));
  EXPECT_THAT(names(1), IsEmpty());
}

TEST_P(ArtifactIndexConformance, ATaskThatFailedHasNone) {
  const Task task = lease(1);
  ASSERT_TRUE(record(task, {an_artifact("a", "1")}));
  apply(task,
        event::Fail{
            .fence = task.status.fence, .failure_class = FailureClass::permanent, .error = "test"});
  EXPECT_THAT(names(1), IsEmpty());
  EXPECT_THAT(condemn({digest("1")}), ElementsAre(digest("1")));
}

TEST_P(ArtifactIndexConformance, UnknownTasksAndNamesAreNotFound) {
  EXPECT_EQ(index().list({.task = task_id(9)}).error().code, Code::not_found);
  EXPECT_EQ(index().find(task_id(9), "a").error().code, Code::not_found);
  EXPECT_EQ(index().recorded(task_id(9), 1, digest("")).error().code, Code::not_found);
  EXPECT_EQ(
      index().record({.task = task_id(9), .fence = 1, .artifacts = {}}, clock_.now()).error().code,
      Code::not_found);
}

TEST_P(ArtifactIndexConformance, WhatIsNotWellFormedChangesNothing) {
  const Task task = lease(1);
  ASSERT_TRUE(record(task, {an_artifact("a", "1")}));
  Artifact short_digest = an_artifact("b", "1");
  short_digest.sha256.pop_back();
  for (const Artifact& wrong : {an_artifact("../a", "1"), an_artifact("/a", "1"), short_digest}) {
    EXPECT_EQ(record(task, {an_artifact("c", "1"), wrong}).error().code, Code::invalid_argument);
  }
  EXPECT_EQ(record(task, {an_artifact("a", "1"), an_artifact("a", "2")}).error().code,
            Code::invalid_argument);
  succeed(task);
  EXPECT_THAT(names(1), ElementsAre("a"));
}

TEST_P(ArtifactIndexConformance, TheyGoWithTheirTask) {
  const Task task = lease(1);
  ASSERT_TRUE(record(task, {an_artifact("a", "1")}));
  succeed(task);
  EXPECT_THAT(condemn({digest("1")}), IsEmpty());
  clock_.advance(std::chrono::hours(1));
  ASSERT_TRUE(subject_.ledger->remove(std::array{task.id()}, clock_.now()));
  EXPECT_EQ(index().list({.task = task.id()}).error().code, Code::not_found);
  EXPECT_THAT(condemn({digest("1")}), ElementsAre(digest("1")));
}

TEST_P(ArtifactIndexConformance, WhatAnyTaskHasIsNotCondemned) {
  const Task leased = lease(1);
  const Task done = lease(2);
  ASSERT_TRUE(record(leased, {an_artifact("a", "1")}));
  ASSERT_TRUE(record(done, {an_artifact("a", "2"), an_artifact("b", "1")}));
  succeed(done);
  EXPECT_THAT(condemn({digest("1"), digest("2"), digest("3")}), ElementsAre(digest("3")));
  ASSERT_TRUE(record(leased, {}));
  EXPECT_THAT(condemn({digest("1")}), IsEmpty());
}

TEST_P(ArtifactIndexConformance, WhatAnAttemptSaidProtectsNothingOnceItsLeaseIsOver) {
  const Task task = lease(1);
  ASSERT_TRUE(record(task, {an_artifact("a", "1")}));
  apply(task, event::GiveBack{.fence = task.status.fence, .reason = "test"});
  EXPECT_THAT(condemn({digest("1")}), ElementsAre(digest("1")));
}

TEST_P(ArtifactIndexConformance, NothingIsRecordedWithACondemnedContentUntilItIsReleased) {
  const Task task = lease(1);
  ASSERT_TRUE(record(task, {an_artifact("before", "2")}));
  EXPECT_THAT(condemn({digest("1")}), ElementsAre(digest("1")));
  EXPECT_EQ(record(task, {an_artifact("a", "1")}).error().code, Code::unavailable);
  EXPECT_EQ(index().recorded(task.id(), task.status.fence, digest("2"))->name, "before");
  // Somebody has condemned it already, and is at it.
  EXPECT_THAT(condemn({digest("1")}), IsEmpty());
  // It is not released by who has condemned it before.
  ASSERT_TRUE(index().release(std::array{digest("1")}, clock_.now() - std::chrono::seconds(1)));
  EXPECT_THAT(condemn({digest("1")}), IsEmpty());
  ASSERT_TRUE(index().release(std::array{digest("1")}, clock_.now()));
  ASSERT_TRUE(index().release(std::array{digest("1")}, clock_.now()));
  EXPECT_TRUE(record(task, {an_artifact("a", "1")}));
  EXPECT_THAT(condemn({digest("1")}), IsEmpty());
}

TEST_P(ArtifactIndexConformance, WhatWasCondemnedLongAgoIsFoundTheOldestFirst) {
  condemn({digest("1")});
  clock_.advance(std::chrono::minutes(1));
  condemn({digest("2")});
  const Time second = clock_.now();
  EXPECT_THAT(*index().condemned(second, 10), ElementsAre(digest("1")));
  clock_.advance(std::chrono::minutes(1));
  EXPECT_THAT(*index().condemned(clock_.now(), 10), ElementsAre(digest("1"), digest("2")));
  EXPECT_THAT(*index().condemned(clock_.now(), 1), ElementsAre(digest("1")));
}

TEST_P(ArtifactIndexConformance, OnlyDigestsAreCondemned) {
  EXPECT_EQ(index().condemn(std::array{std::string("x")}, clock_.now()).error().code,
            Code::invalid_argument);
}

TEST_P(ArtifactIndexConformance, ItsClaimIsTheSameButForTheRound) {
  const auto claim = index().claim();
  ASSERT_TRUE(claim) << claim.error().message;
  EXPECT_THAT(claim->ledger, testing::MatchesRegex("[0-9a-f]{32}"));
  const StoreClaim next{.ledger = claim->ledger, .round = claim->round + 1};
  const auto taken = index().next_claim();
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, next);
  EXPECT_EQ(*index().claim(), next);
}

TEST_P(ArtifactIndexConformance, OfARecordAndACondemnationAtOnceOneWins) {
  const Task task = lease(1);
  for (int round = 0; round < 50; ++round) {
    const std::string bytes = std::to_string(round);
    std::vector<std::string> condemned;
    Status recorded;
    {
      const std::jthread recorder([&] { recorded = record(task, {an_artifact("a", bytes)}); });
      const std::jthread collector([&] { condemned = condemn({digest(bytes)}); });
    }
    EXPECT_NE(recorded.has_value(), condemned.size() == 1) << "round " << round;
  }
}

}  // namespace waybill
