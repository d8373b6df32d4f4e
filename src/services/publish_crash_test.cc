// A publishing pass dies at each of its calls in turn, before the call is carried out or after, and
// another scanner comes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/forwarding_queue.h"
#include "tests/publish/publish_fixture.h"

namespace waybill {
namespace {

/// Burns down with each call of a process; then the process is dead, and its calls do nothing.
class Fuse {
 public:
  enum class Blows { before_the_call, after_the_call };

  Fuse(int calls, Blows blows) : left_(calls), blows_(blows) {}

  template <class Call>
  std::invoke_result_t<Call> around(Call call) {
    const int left = left_--;
    ++calls_;
    const bool dies_after = left == 1 && blows_ == Blows::after_the_call;
    if (left <= 0 || (left == 1 && !dies_after)) return fail(Code::unavailable, "dead");
    auto answer = call();
    if (dies_after) return fail(Code::unavailable, "dead");
    return answer;
  }
  int calls() const { return calls_; }

 private:
  std::atomic<int> left_;
  std::atomic<int> calls_{0};
  const Blows blows_;
};

class FusedBucket final : public ObjectStore {
 public:
  FusedBucket(ObjectStore& inner, Fuse& fuse) : inner_(inner), fuse_(fuse) {}

  ObjectStoreCaps caps() const override { return inner_.caps(); }
  std::string url() const override { return inner_.url(); }
  Result<ListPage> list(const ListParams& params) override {
    return fuse_.around([&] { return inner_.list(params); });
  }
  Result<std::string> get(const std::string& key) override {
    return fuse_.around([&] { return inner_.get(key); });
  }
  Status put(const std::string& key, std::string_view body) override {
    return fuse_.around([&] { return inner_.put(key, body); });
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    return fuse_.around([&] { return inner_.put_if_absent(key, body); });
  }
  Status remove(const std::string& key) override {
    return fuse_.around([&] { return inner_.remove(key); });
  }

 private:
  ObjectStore& inner_;
  Fuse& fuse_;
};

class FusedQueue final : public ForwardingQueue {
 public:
  FusedQueue(Queue& inner, Fuse& fuse) : ForwardingQueue(inner), fuse_(fuse) {}

  Result<std::vector<Status>> publish(std::span<const Message> messages) override {
    return fuse_.around([&] { return inner_.publish(messages); });
  }

 private:
  Fuse& fuse_;
};

class PublishCrash : public PublishFixture {
 protected:
  /// A pass of a process that dies under way.
  void run_and_die(Fuse& fuse, PublishOptions options) {
    FusedBucket ingestion(ingestion_, fuse);
    FusedBucket own(own_, fuse);
    FusedBucket peer(peer_, fuse);
    FusedQueue intake(intake_, fuse);
    FusedQueue aggregate(aggregate_, fuse);
    const auto report = run_publish_pass({.ingestion = ingestion,
                                          .own = own,
                                          .peer = peer,
                                          .intake = &intake,
                                          .aggregate = &aggregate,
                                          .clock = clock_},
                                         options);
    told_complete_ = report && !report->locked_out() && report->complete();
  }

  bool told_complete_ = false;
};

class AtEachCall : public PublishCrash,
                   public testing::WithParamInterface<std::tuple<int, Fuse::Blows>> {};

// The calls of a pass over kTasks tasks: the lock, 7 listings, 2 and 1 publishes, 5 markers, the
// lock's end.
constexpr int kCalls = 17;

TEST_F(PublishCrash, HasAsManyCallsAsTheCasesBelowGoThrough) {
  add_tasks();
  Fuse fuse(1'000'000, Fuse::Blows::before_the_call);
  run_and_die(fuse, options());
  EXPECT_TRUE(told_complete_);
  EXPECT_EQ(fuse.calls(), kCalls);
}

TEST_P(AtEachCall, LosesNothingAndMakesNoSecondId) {
  add_tasks();
  const auto& [calls, blows] = GetParam();
  Fuse fuse(calls, blows);
  run_and_die(fuse, options("dead"));
  // Only what was published may be marked.
  const auto before = published();
  for (const std::string& marker : markers()) {
    if (marker.starts_with("scan-lock")) continue;
    EXPECT_EQ(before.count(to_string(uuid_v5(kTaskNamespace, marker))), 1u) << marker;
  }
  clock_.advance(std::chrono::minutes(1));  // so that what was received is visible again
  const auto report = run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->complete());
  // A call's messages may come twice if it died between them and their markers; with the same id.
  expect_all_done(kTasks, 2);
}

INSTANTIATE_TEST_SUITE_P(OfAPass, AtEachCall,
                         testing::Combine(testing::Range(1, kCalls + 1),
                                          testing::Values(Fuse::Blows::before_the_call,
                                                          Fuse::Blows::after_the_call)));

TEST_F(PublishCrash, OfAWindowInPartsRepeatsNoBatchUnderAnotherId) {
  add_validated("06/10", "x");
  add_validated("08/10", "y");
  PublishOptions narrow = options("dead");
  narrow.scan.aggregate_bytes_max = 220;
  narrow.scan.oversized = OversizedAggregation::split;
  for (int calls = 1;; ++calls) {
    Fuse fuse(calls, Fuse::Blows::after_the_call);
    run_and_die(fuse, narrow);
    if (fuse.calls() < calls) break;  // it came to its end
  }
  std::set<std::string> bodies;
  const auto deliveries = aggregate_.receive(100, {});
  for (const Delivery& delivery : deliveries.value()) {
    bodies.insert(delivery.message.body);
  }
  EXPECT_EQ(bodies.size(), 2u);
  EXPECT_TRUE(markers().contains("aggregate-kittens-2026-11-22-06-00-2026-11-22-09-00"));
}

}  // namespace
}  // namespace waybill
