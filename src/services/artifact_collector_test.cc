#include "services/artifact_collector.h"

#include <gmock/gmock.h>

#include <array>

#include "base/digest.h"
#include "services/test_support/artifacts_fixture.h"
#include "testing/fake_upload_spool.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using ArtifactCollectorTest = ArtifactsTest;

TEST_F(ArtifactCollectorTest, RemovesWhatNoTaskHasAndNothingElse) {
  const Task done = lease(1);
  ASSERT_TRUE(keep(done, {a_file("a", "done")}));
  succeed(done);
  const Task running = lease(2);
  ASSERT_TRUE(keep(running, {a_file("a", "running")}));
  const Task failed = lease(3);
  ASSERT_TRUE(keep(failed, {a_file("a", "failed"), a_file("b", "done")}));
  apply(failed, event::Fail{.fence = failed.status.fence,
                            .failure_class = FailureClass::permanent,
                            .error = "test"});
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("nobody's")));
  ASSERT_TRUE(collect());
  EXPECT_EQ(kept(), 4u) << "what is new is left alone";
  clock_.advance(std::chrono::hours(2));
  ASSERT_TRUE(collect());
  EXPECT_EQ(kept(), 2u);
  EXPECT_THAT(left(1), ElementsAre("a=done"));
  succeed(running);
  EXPECT_THAT(left(2), ElementsAre("a=running"));
  ASSERT_TRUE(ledger_.remove(std::array{task_id(1)}, kTimeMax));
  ASSERT_TRUE(collect());
  EXPECT_EQ(kept(), 1u);
}

TEST_F(ArtifactCollectorTest, OneThatDiesAtAnyPointIsFollowedByAnotherThatFinishes) {
  // Dead after it had condemned, and after it had removed, each without having released.
  for (const bool removed : {false, true}) {
    const std::string bytes = removed ? "2" : "1";
    const auto content = store_.put(FakeArtifactStore::file_of(bytes));
    clock_.advance(std::chrono::hours(2));
    ASSERT_EQ(index_.condemn(std::array{content->sha256}, clock_.now())->size(), 1u);
    if (removed) {
      ASSERT_TRUE(store_.remove(content->sha256, clock_.now()));
    }
    const Task task = lease(removed ? 2 : 1);
    ASSERT_TRUE(collect());
    EXPECT_EQ(keep(task, {a_file("a", bytes)}).error().code, Code::unavailable)
        << "it may still be at it";
    clock_.advance(std::chrono::minutes(11));
    ASSERT_TRUE(collect());
    ASSERT_TRUE(keep(task, {a_file("a", bytes)}));
    succeed(task);
    EXPECT_THAT(left(removed ? 2 : 1), ElementsAre("a=" + bytes));
  }
}

TEST_F(ArtifactCollectorTest, WhatTheStoreRefusesToRemoveIsReleasedAndTriedAgain) {
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("1")));
  clock_.advance(std::chrono::hours(2));
  store_.remove_fails = Code::permission_denied;
  EXPECT_FALSE(collect());
  EXPECT_THAT(*index_.condemned(kTimeMax, 10), IsEmpty());
  EXPECT_EQ(kept(), 1u);
  store_.remove_fails.reset();
  ASSERT_TRUE(collect());
  EXPECT_EQ(kept(), 0u);
}

TEST_F(ArtifactCollectorTest, WhatTheStoreMayYetRemoveCanBeRecordedWhenItSurelyWillNot) {
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("1")));
  clock_.advance(std::chrono::hours(2));
  store_.remove_fails = Code::deadline_exceeded;
  EXPECT_FALSE(collect());
  store_.remove_fails.reset();
  // A remote worker records what is there, without putting it.
  const Task task = lease(1);
  const std::string digest = to_hex(sha256("1"));
  const AttemptArtifacts attempt{.task = task.id(),
                                 .fence = task.status.fence,
                                 .artifacts = {{.name = "a",
                                                .sha256 = digest,
                                                .size_bytes = 1,
                                                .media_type = "text/plain",
                                                .created_at = {}}}};
  EXPECT_EQ(keeper_.record(attempt).error().code, Code::unavailable);
  ASSERT_TRUE(store_.remove(digest, clock_.now())) << "the store does it now";
  EXPECT_EQ(keeper_.record(attempt).error().code, Code::unavailable);
  clock_.advance(std::chrono::minutes(11));
  ASSERT_TRUE(collect());
  EXPECT_THAT(*keeper_.record(attempt), ElementsAre(digest));
}

TEST_F(ArtifactCollectorTest, OneThatIsSlowRemovesNothingThatAnotherMayTakeOver) {
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("1")));
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("2")));
  clock_.advance(std::chrono::hours(2));
  store_.before_remove = [&] { clock_.advance(std::chrono::minutes(6)); };
  ASSERT_TRUE(collector_.step({}));
  EXPECT_EQ(kept(), 1u) << "the first was begun in time, the second was not";
  EXPECT_THAT(*index_.condemned(kTimeMax, 10), IsEmpty());
}

TEST_F(ArtifactCollectorTest, AskedToStopItRemovesAtMostOneMore) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(store_.put(FakeArtifactStore::file_of(std::to_string(i))));
  }
  clock_.advance(std::chrono::hours(2));
  store_.before_remove = [&] { stop_.request_stop(); };
  ASSERT_TRUE(collector_.step({.stop = stop_.get_token()}));
  EXPECT_EQ(kept(), 1u);
  EXPECT_THAT(*index_.condemned(kTimeMax, 10), IsEmpty());
}

TEST_F(ArtifactCollectorTest, ALateOneDoesNotReleaseWhatItsSuccessorHasCondemned) {
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("1")));
  clock_.advance(std::chrono::hours(2));
  const std::string digest = to_hex(sha256("1"));
  store_.before_remove = [&] {
    clock_.advance(std::chrono::minutes(11));
    ASSERT_TRUE(index_.release(std::array{digest}, clock_.now()));
    ASSERT_EQ(index_.condemn(std::array{digest}, clock_.now())->size(), 1u);
  };
  ASSERT_TRUE(collect());
  EXPECT_THAT(*index_.condemned(kTimeMax, 10), ElementsAre(digest));
}

TEST_F(ArtifactCollectorTest, OneThatWasGivenUpForDeadRemovesNothingThatWasPutSince) {
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("1")));
  clock_.advance(std::chrono::hours(2));
  const Task task = lease(1);
  ArtifactCollector successor(store_, index_, ledger_);
  store_.before_remove = [&] {
    // The first one hangs here, for long; another finishes its work, and a task keeps the same.
    clock_.advance(std::chrono::minutes(11));
    ASSERT_TRUE(collect(successor));
    ASSERT_TRUE(keep(task, {a_file("a", "1")}));
  };
  ASSERT_TRUE(collect());
  succeed(task);
  EXPECT_THAT(left(1), ElementsAre("a=1"));
}

TEST_F(ArtifactCollectorTest, EachRoundSweepsThePiecesThatNeverBecameWhole) {
  FakeUploadSpool spool;
  ArtifactCollector collector(store_, index_, ledger_, spool);
  ASSERT_TRUE(collect(collector));
  ASSERT_TRUE(collect(collector));
  EXPECT_EQ(spool.sweeps(), 2);
}

class TwoLedgersTest : public ArtifactsTest {
 protected:
  /// A task of this ledger has kept one content, long ago.
  void SetUp() override {
    const Task task = lease(1);
    ASSERT_TRUE(keep(task, {a_file("a", "1")}));
    succeed(task);
    clock_.advance(std::chrono::hours(2));
    ASSERT_TRUE(other_.insert(a_batch({a_task(7)})));
  }

  FakeLedger other_{clock_};
  FakeArtifactIndex other_index_{other_};
  ArtifactCollector other_collector_{store_, other_index_, other_};
};

TEST_F(TwoLedgersTest, ACollectorRemovesNothingOfAnotherLedgersStore) {
  other_index_.set_claim({.ledger = std::string(32, 'b'), .round = 100});
  const Status refused = collect(other_collector_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::failed_precondition);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("remove the fake's owner"));
  EXPECT_THAT(left(1), ElementsAre("a=1"));
  ASSERT_TRUE(collect());
}

TEST_F(TwoLedgersTest, NothingIsKeptInAnotherLedgersStore) {
  other_index_.set_claim({.ledger = std::string(32, 'b'), .round = 0});
  ArtifactKeeper keeper(store_, other_index_, clock_);
  const auto claimed = other_.claim({.only_ids = {task_id(7)}, .worker = "w"});
  ASSERT_TRUE(claimed && claimed->size() == 1);
  const ArtifactOwner owner{.task = task_id(7), .fence = claimed->at(0).status.fence};
  const int puts = store_.puts;
  EXPECT_EQ(keeper.keep(owner, std::array{a_file("a", "7")}, {}).error().code,
            Code::failed_precondition);
  EXPECT_EQ(keeper.record({.task = owner.task, .fence = owner.fence, .artifacts = {}}).error().code,
            Code::failed_precondition);
  EXPECT_EQ(store_.puts, puts);
}

TEST_F(TwoLedgersTest, ACopyOfTheLedgerCollectsNothingOnceTheLedgerWentOn) {
  other_index_.set_claim(*index_.claim());
  ASSERT_TRUE(collect());
  const Status refused = collect(other_collector_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::failed_precondition);
  EXPECT_THAT(left(1), ElementsAre("a=1"));
  // As the message says: when the copy is to stay, a person removes what the store says.
  ASSERT_TRUE(store_.set_owner("", SetOwner::replace));
  ASSERT_TRUE(collect(other_collector_));
  EXPECT_EQ(kept(), 0u);
}

}  // namespace
}  // namespace waybill
