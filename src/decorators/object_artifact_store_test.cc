#include "decorators/object_artifact_store.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "testing/fake_artifact_store.h"
#include "testing/fake_object_store.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/artifact_store/suite.h"

namespace waybill {
namespace {

INSTANTIATE_TEST_SUITE_P(Objects, ArtifactStoreConformance,
                         testing::Values(ArtifactStoreImplementation{
                             "objects", [](SimClock& clock) {
                               const auto store = std::make_shared<ObjectArtifactStore>(
                                   std::make_shared<FakeObjectStore>(
                                       clock, FakeObjectStoreOptions{.page_size = 7}));
                               return ArtifactStoreSubject{store, store.get()};
                             }}));

/// Counts what is got, and lets a test act meanwhile.
class CountedObjectStore final : public ObjectStore {
 public:
  explicit CountedObjectStore(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}
  ObjectStoreCaps caps() const override { return inner_->caps(); }
  std::string url() const override { return inner_->url(); }
  Result<ListPage> list(const ListParams& params) override { return inner_->list(params); }
  Result<std::string> get(const std::string& key) override {
    ++gets;
    if (in_get) in_get();
    return inner_->get(key);
  }
  Status put(const std::string& key, std::string_view body) override {
    return inner_->put(key, body);
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    return inner_->put_if_absent(key, body);
  }
  Status remove(const std::string& key) override { return inner_->remove(key); }

  std::atomic<int> gets = 0;
  std::function<void()> in_get;

 private:
  const std::shared_ptr<ObjectStore> inner_;  // shared with the test
};

class ObjectArtifactStoreTest : public testing::Test {
 protected:
  SimClock clock_;
  std::shared_ptr<FakeObjectStore> bucket_ = std::make_shared<FakeObjectStore>(clock_);
  ObjectArtifactStore store_{bucket_};
};

TEST_F(ObjectArtifactStoreTest, DamageIsSeenWhenItIsOpened) {
  const auto content = store_.put(FakeArtifactStore::file_of("abc"));
  ASSERT_TRUE(content);
  const std::string key =
      "artifacts/sha256/" + content->sha256.substr(0, 2) + "/" + content->sha256.substr(2);
  ASSERT_TRUE(bucket_->put(key, "abd"));
  EXPECT_EQ(store_.open(content->sha256).error().code, Code::data_loss);
}

TEST_F(ObjectArtifactStoreTest, OtherObjectsAreNoContents) {
  ASSERT_TRUE(bucket_->put("artifacts/sha256/README", "x"));
  ASSERT_TRUE(bucket_->put("artifacts/sha256/ab/short", "x"));
  ASSERT_TRUE(bucket_->put("other", "x"));
  EXPECT_THAT(store_.kept("")->contents, testing::IsEmpty());
}

TEST_F(ObjectArtifactStoreTest, WhatIsTooLargeIsRefusedWithTheLimit) {
  const FileDescriptor file = FakeArtifactStore::file_of("");
  ASSERT_EQ(::ftruncate(file.get(), (64 << 20) + 1), 0);
  const auto content = store_.put(file);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, Code::out_of_range);
  EXPECT_THAT(content.error().message, testing::HasSubstr("64MiB"));
  EXPECT_EQ(bucket_->size(), 0u);
}

TEST_F(ObjectArtifactStoreTest, WhatIsReadPieceByPieceComesFromTheBucketOnce) {
  const TemporaryDirectory room;
  for (const std::string& place : {std::string(), room.path()}) {
    const auto bucket = std::make_shared<CountedObjectStore>(bucket_);
    ObjectArtifactStore store(bucket, place);
    const auto content = store.put(FakeArtifactStore::file_of("abc"));
    for (int i = 0; i < 16; ++i) {
      const auto file = store.open(content->sha256);
      ASSERT_TRUE(file) << file.error().message;
      EXPECT_EQ(FakeArtifactStore::bytes_of(*file), "abc");
      EXPECT_EQ(::lseek(file->get(), 1, SEEK_SET), 1) << "each has a position of its own";
    }
    EXPECT_EQ(bucket->gets, 1);
    EXPECT_TRUE(std::filesystem::is_empty(room.path())) << "what is open has no name";
  }
}

TEST_F(ObjectArtifactStoreTest, WhoeverWillNotWaitIsToldThatOthersAreAtIt) {
  const auto bucket = std::make_shared<CountedObjectStore>(bucket_);
  ObjectArtifactStore store(bucket);
  std::vector<std::string> digests;
  for (int i = 0; i < 5; ++i) {
    digests.push_back(store.put(FakeArtifactStore::file_of(std::to_string(i)))->sha256);
  }
  std::latch four(4);
  std::latch end(1);
  bucket->in_get = [&] {
    four.count_down();
    end.wait();
  };
  std::vector<std::jthread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&, i] { EXPECT_TRUE(store.open(digests[static_cast<std::size_t>(i)])); });
  }
  four.wait();
  for (const std::string& digest : {digests[0], digests[4]}) {
    const auto busy = store.open(digest, IfBusy::refuse);
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().code, Code::unavailable);
    EXPECT_TRUE(busy.error().retry_after);
  }
  EXPECT_TRUE(store.size_bytes(digests[4], IfBusy::refuse));
  end.count_down();
  readers.clear();
  EXPECT_TRUE(store.open(digests[0], IfBusy::refuse));
  EXPECT_EQ(bucket->gets, 4);
}

}  // namespace
}  // namespace waybill
