// A scan is cut off, or met by a rival, at each of its effects in turn.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <set>
#include <thread>

#include "services/scan.h"
#include "testing/forwarding_ledger.h"
#include "tests/scan/scan_fixture.h"

namespace waybill {
namespace {

/// What happens at an effect of a scan.
enum class Fate : std::uint8_t {
  done,
  not_done,       ///< fails, and nothing happened
  reply_is_lost,  ///< happened, but the caller hears that it failed
};
using Oracle = std::function<Fate()>;

template <class Answer>
Answer meet(const Oracle& oracle, const std::function<Answer()>& effect) {
  const Fate fate = oracle();
  if (fate == Fate::not_done) return fail(Code::unavailable, "did not happen");
  Answer answer = effect();
  if (fate == Fate::reply_is_lost) return fail(Code::deadline_exceeded, "no reply");
  return answer;
}

class FatefulLedger final : public ForwardingLedger {
 public:
  FatefulLedger(Ledger& inner, Oracle oracle)
      : ForwardingLedger(inner), oracle_(std::move(oracle)) {}

  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    return meet<Result<std::vector<Inserted>>>(oracle_, [&] { return inner_.insert(requests); });
  }

 private:
  const Oracle oracle_;
};

class FatefulBucket final : public ObjectStore {
 public:
  FatefulBucket(std::shared_ptr<ObjectStore> inner, Oracle oracle)
      : inner_(std::move(inner)), oracle_(std::move(oracle)) {}

  ObjectStoreCaps caps() const override { return inner_->caps(); }
  std::string url() const override { return inner_->url(); }
  Result<ListPage> list(const ListParams& params) override { return inner_->list(params); }
  Result<std::string> get(const std::string& key) override { return inner_->get(key); }
  Status put(const std::string& key, std::string_view body) override {
    return meet<Status>(oracle_, [&] { return inner_->put(key, body); });
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    return meet<Status>(oracle_, [&] { return inner_->put_if_absent(key, body); });
  }
  Status remove(const std::string& key) override {
    return meet<Status>(oracle_, [&] { return inner_->remove(key); });
  }

 private:
  const std::shared_ptr<ObjectStore> inner_;  // the fixture has it too, to look at
  const Oracle oracle_;
};

// Four tasks by two inserts of two, and four markers.
constexpr std::size_t kInsertBatch = 2;
constexpr int kEffects = 6;

class EffectsOfScan : public ScanFixture {
 protected:
  EffectsOfScan() { add_four_tasks(); }

  /// One pass whose effects meet what the oracle says.
  Result<ScanReport> run_under(const Oracle& oracle) {
    FatefulLedger ledger(ledger_, oracle);
    const OpenBucket open = ports().open_bucket;
    const ScanPorts fateful{
        .ledger = ledger,
        .clock = clock_,
        .open_bucket = [&](const std::string& url) -> Result<std::shared_ptr<ObjectStore>> {
          return std::make_shared<FatefulBucket>(open(url).value(), oracle);
        },
        .check_task = {},
        .dedup_keys = &ledger_};
    return run_scan(scan_, tasks_, fateful, {.insert_batch = kInsertBatch});
  }

  /// No marker without its task, at any moment.
  void expect_no_marker_without_task() {
    std::set<std::string> accepted;
    for (const Task& task : tasks_in_ledger()) {
      accepted.insert(marker_of(task));
    }
    for (const std::string& marker : markers()) EXPECT_TRUE(accepted.contains(marker)) << marker;
  }
};

TEST_F(EffectsOfScan, AreAsManyAsTheCasesBelowGoThrough) {
  int effects = 0;
  ASSERT_TRUE(run_under([&] {
    ++effects;
    return Fate::done;
  }));
  EXPECT_EQ(effects, kEffects);
}

TEST_F(EffectsOfScan, DoNotExistInADryRun) {
  int effects = 0;
  const Oracle count = [&] {
    ++effects;
    return Fate::done;
  };
  FatefulLedger ledger(ledger_, count);
  ScanPorts counted = ports();
  const ScanPorts fateful{.ledger = ledger,
                          .clock = clock_,
                          .open_bucket = counted.open_bucket,
                          .check_task = {},
                          .dedup_keys = &ledger_};
  ASSERT_TRUE(run_scan(scan_, tasks_, fateful, {.mode = ScanMode::dry_run}));
  EXPECT_EQ(effects, 0);
  EXPECT_TRUE(markers().empty());
}

/// What goes wrong at which effect, and whether the process outlives it.
struct Accident {
  int effect;
  Fate fate;
  bool dies;
};

class ScanAccident : public EffectsOfScan, public testing::WithParamInterface<Accident> {};

TEST_P(ScanAccident, LosesNothingAndDoesNothingTwice) {
  int effect = 0;
  const auto report = run_under([&] {
    ++effect;
    if (effect == GetParam().effect) return GetParam().fate;
    const bool dead = GetParam().dies && effect > GetParam().effect;
    return dead ? Fate::not_done : Fate::done;
  });
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  expect_no_marker_without_task();

  const auto next_pass = run();
  ASSERT_TRUE(next_pass);
  EXPECT_TRUE(next_pass->complete());
  expect_all_accepted_and_marked(kTasks);
}

std::vector<Accident> all_accidents() {
  std::vector<Accident> accidents;
  for (int effect = 1; effect <= kEffects; ++effect) {
    for (const Fate fate : {Fate::not_done, Fate::reply_is_lost}) {
      for (const bool dies : {false, true}) {
        accidents.push_back({.effect = effect, .fate = fate, .dies = dies});
      }
    }
  }
  return accidents;
}

std::string name_of(const Accident& accident) {
  return "Effect" + std::to_string(accident.effect) +
         (accident.fate == Fate::not_done ? "NotDone" : "ReplyLost") +
         (accident.dies ? "AndDies" : "AndLives");
}

INSTANTIATE_TEST_SUITE_P(AtEachEffect, ScanAccident, testing::ValuesIn(all_accidents()),
                         [](const auto& instance) { return name_of(instance.param); });

class ScanRival : public EffectsOfScan, public testing::WithParamInterface<int> {};

TEST_P(ScanRival, ThatRunsBeforeAnyEffectMakesNothingTwice) {
  int effect = 0;
  const auto report = run_under([&] {
    if (++effect == GetParam()) {
      const auto rival = run();
      EXPECT_TRUE(rival && rival->complete());
    }
    return Fate::done;
  });
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  EXPECT_GT(report->count(ScanOutcome::duplicate) + report->count(MarkerOutcome::present), 0);
  expect_all_accepted_and_marked(kTasks);
}

INSTANTIATE_TEST_SUITE_P(AtEachEffect, ScanRival, testing::Range(1, kEffects + 1));

TEST_F(EffectsOfScan, OfFourScansAtOnceAreThoseOfOne) {
  std::atomic<std::int64_t> inserted{0};
  std::atomic<std::int64_t> written{0};
  {
    std::vector<std::jthread> scans;
    for (int i = 0; i < 4; ++i) {
      scans.emplace_back([&] {
        const auto report = run({.insert_batch = 1});
        ASSERT_TRUE(report);
        EXPECT_TRUE(report->complete());
        inserted += report->count(ScanOutcome::inserted);
        written += report->count(MarkerOutcome::written);
      });
    }
  }
  EXPECT_EQ(inserted, 4);
  EXPECT_EQ(written, 4);
  expect_all_accepted_and_marked(kTasks);
}

}  // namespace
}  // namespace waybill
