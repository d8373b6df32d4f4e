#include "services/artifact_desk.h"

#include <gmock/gmock.h>

#include "base/digest.h"
#include "testing/builders.h"
#include "testing/fake_artifact_index.h"
#include "testing/fake_artifact_store.h"
#include "testing/fake_ledger.h"
#include "testing/fake_upload_spool.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ArtifactDeskTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(ledger_.insert(a_batch({a_task(1)})));
    const auto claimed = ledger_.claim({.worker = "w"});
    ASSERT_TRUE(claimed && claimed->size() == 1);
    owner_ = {.task = task_id(1), .fence = claimed->at(0).status.fence};
  }
  /// Records one artifact of these bytes; what is missing then.
  std::vector<std::string> record(std::string_view bytes) {
    const auto missing = desk_.record({.task = owner_.task,
                                       .fence = owner_.fence,
                                       .artifacts = {{.name = "a",
                                                      .sha256 = to_hex(sha256(bytes)),
                                                      .size_bytes = std::ssize(bytes),
                                                      .media_type = "text/plain",
                                                      .created_at = {}}}});
    EXPECT_TRUE(missing) << missing.error().message;
    return missing ? *missing : std::vector<std::string>();
  }
  Result<std::vector<std::string>> record_as(std::string_view bytes, std::int64_t size_bytes) {
    return desk_.record({.task = owner_.task,
                         .fence = owner_.fence,
                         .artifacts = {{.name = "a",
                                        .sha256 = to_hex(sha256(bytes)),
                                        .size_bytes = size_bytes,
                                        .media_type = "text/plain",
                                        .created_at = {}}}});
  }
  Result<ArtifactDesk::Received> take(std::string_view whole, std::int64_t offset,
                                      std::string_view bytes) {
    return desk_.take(owner_, {to_hex(sha256(whole)), offset, bytes});
  }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  FakeArtifactIndex index_{ledger_};
  FakeArtifactStore store_{clock_};
  FakeUploadSpool spool_;
  ArtifactDesk desk_{store_, index_, spool_, clock_};
  ArtifactOwner owner_;
};

TEST_F(ArtifactDeskTest, WhatCameInPiecesIsKeptWhenItIsWhole) {
  EXPECT_THAT(record("onetwo"), ElementsAre(to_hex(sha256("onetwo"))));
  const auto first = take("onetwo", 0, "one");
  EXPECT_EQ(first->bytes, 3);
  EXPECT_FALSE(first->complete);
  const auto second = take("onetwo", 3, "two");
  EXPECT_EQ(second->bytes, 6);
  EXPECT_TRUE(second->complete);
  EXPECT_EQ(spool_.size(), 0u);
  EXPECT_TRUE(take("onetwo", 0, "one")->complete) << "it is there";
  EXPECT_THAT(record("onetwo"), IsEmpty());
}

TEST_F(ArtifactDeskTest, OtherBytesThanWereRecordedAreNotKeptUnderTheirDigest) {
  record("right");
  EXPECT_EQ(take("right", 0, "wrong").error().code, Code::data_loss);
  EXPECT_EQ(spool_.size(), 0u);
  EXPECT_EQ(store_.open(to_hex(sha256("right"))).error().code, Code::not_found);
  EXPECT_TRUE(take("right", 0, "right")->complete);
}

TEST_F(ArtifactDeskTest, NoMoreIsTakenThanWasRecorded) {
  record("abc");
  EXPECT_EQ(take("abc", 0, "abcd").error().code, Code::out_of_range);
  EXPECT_EQ(take("abc", 4, "").error().code, Code::out_of_range);
  EXPECT_EQ(take("abc", std::int64_t{1} << 62, "x").error().code, Code::out_of_range);
  EXPECT_EQ(take("other", 0, "other").error().code, Code::not_found);
  EXPECT_EQ(spool_.size(), 0u);
}

TEST_F(ArtifactDeskTest, ASizeThatIsNotTheContentsIsNotRecorded) {
  record("hello there");
  ASSERT_TRUE(take("hello there", 0, "hello there")->complete);
  const std::string digest = to_hex(sha256("hello there"));
  for (const std::int64_t size : {std::int64_t{3}, std::int64_t{5000}}) {
    const auto refused = record_as("hello there", size);
    ASSERT_FALSE(refused) << size;
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
    EXPECT_EQ(index_.recorded(owner_.task, owner_.fence, digest).error().code, Code::not_found);
  }
  EXPECT_EQ(record_as("larger", (std::int64_t{1} << 40) + 1).error().code, Code::out_of_range);
}

TEST_F(ArtifactDeskTest, WhatWasRecordedWithAnotherSizeThanItsContentIsNotOpened) {
  // Before the content came.
  ASSERT_TRUE(record_as("hello there", 3));
  const auto artifact = index_.recorded(owner_.task, owner_.fence, to_hex(sha256("hello there")));
  ASSERT_TRUE(artifact);
  ASSERT_TRUE(store_.put(FakeArtifactStore::file_of("hello there")));
  EXPECT_EQ(desk_.open(*artifact).error().code, Code::data_loss);
  EXPECT_EQ(desk_.open(artifact->sha256)->size_bytes, 11);
}

TEST_F(ArtifactDeskTest, WhoHasNotTheLeaseSendsNothing) {
  record("abc");
  ++owner_.fence;
  EXPECT_EQ(take("abc", 0, "abc").error().code, Code::aborted);
}

}  // namespace
}  // namespace waybill
