// A batch's markers are written at once where the store can, by as few as the workers allow.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "testing/forwarding_bucket.h"
#include "tests/publish/publish_fixture.h"

namespace waybill {
namespace {

/// A bucket that takes many puts at once, and knows how many it was asked for.
class WideBucket final : public ForwardingBucket {
 public:
  using ForwardingBucket::ForwardingBucket;

  ObjectStoreCaps caps() const override {
    ObjectStoreCaps caps = inner_.caps();
    caps.puts_at_once = true;
    return caps;
  }
  std::vector<Status> put_all_if_absent(std::span<const ObjectPut> puts) override {
    std::vector<Status> done;
    const Lock lock(mutex_);
    sizes_.push_back(puts.size());
    for (const auto& [key, body] : puts) {
      const bool is_refused = !refused.empty() && key.find(refused) != key.npos;
      done.push_back(is_refused ? Status(fail(Code::unavailable, "lost"))
                                : inner_.put_if_absent(key, body));
    }
    return done;
  }

  std::vector<std::size_t> sizes() {
    const Lock lock(mutex_);
    return sizes_;
  }
  std::string refused;  ///< markers with it are not written

 private:
  Mutex mutex_;
  std::vector<std::size_t> sizes_ GUARDED_BY(mutex_);
};

class PublishAtOnceTest : public PublishFixture {
 protected:
  void add_many() {
    for (int i = 0; i < 25; ++i) add_batch("11/30", "batch-" + std::to_string(100 + i));
  }
  Result<PublishReport> run(std::size_t workers, std::size_t publish_batch) {
    const PublishPorts all{.ingestion = ingestion_,
                           .own = wide_,
                           .peer = peer_,
                           .intake = &intake_,
                           .aggregate = &aggregate_,
                           .clock = clock_};
    PublishOptions wanted = options();
    wanted.workers = workers;
    wanted.publish_batch = publish_batch;
    return run_publish_pass(all, wanted);
  }

  WideBucket wide_{own_};
};

TEST_F(PublishAtOnceTest, TheMarkersOfABatchAreOneCall) {
  add_many();
  const auto report = run(100, 10);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->tally.marked, 25);
  EXPECT_EQ(report->tally.marker_calls, 25);
  std::vector<std::size_t> sizes = wide_.sizes();
  std::ranges::sort(sizes);
  EXPECT_THAT(sizes, testing::ElementsAre(5, 10, 10));
  expect_all_done(25);
}

TEST_F(PublishAtOnceTest, NeverMoreThanThereAreWorkers) {
  add_many();
  ASSERT_TRUE(run(4, 10));
  for (const std::size_t size : wide_.sizes()) EXPECT_LE(size, 4u);
  expect_all_done(25);
}

TEST_F(PublishAtOnceTest, AGreatBatchIsMarkedInPieces) {
  add_many();
  ASSERT_TRUE(run(100, 25));
  for (const std::size_t size : wide_.sizes()) EXPECT_LE(size, 16u);
  expect_all_done(25);
}

TEST_F(PublishAtOnceTest, AMarkerThatFailsTakesNoneWithItAndTheNextRunWritesIt) {
  add_many();
  wide_.refused = "batch-107";
  const auto report = run(100, 10);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->tally.published, 25);
  EXPECT_EQ(report->tally.marked, 24);
  EXPECT_EQ(report->tally.marker_failed, 1);
  EXPECT_EQ(markers().size(), 24u);
  wide_.refused.clear();
  const auto again = run(100, 10);
  EXPECT_EQ(again->tally.published, 1);
  expect_all_done(25, 2);
}

}  // namespace
}  // namespace waybill
