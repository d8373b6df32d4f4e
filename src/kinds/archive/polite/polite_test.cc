#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "kinds/archive/outcomes.h"
#include "kinds/archive/polite/polite_streams.h"

namespace waybill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// The machine's: a gate waits in real time.
class RealClock final : public Clock {
 public:
  Time now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override {
    return std::chrono::floor<Duration>(std::chrono::steady_clock::now());
  }
  void wait_until(SteadyTime until, std::stop_token stop) override {
    Mutex mutex;
    Condition changed;
    const std::stop_callback wake(stop, [&] {
      const Lock lock(mutex);
      changed.notify_all();
    });
    Lock lock(mutex);
    while (!stop.stop_requested() && steady_now() < until) changed.wait_until(lock, until);
  }
};

/// Answers by URL, and counts what it was asked.
class FakeWeb final : public HttpStreams {
 public:
  using Script = std::function<HttpResponse(const std::string& url)>;
  explicit FakeWeb(Script script) : script_(std::move(script)) {}
  Result<HttpResponse> exchange(const HttpExchange& exchange, HttpDownload& download,
                                const Deadline&) override {
    {
      const Lock lock(mutex_);
      ++asked_[exchange.request.url];
    }
    const HttpResponse answer = script_(exchange.request.url);
    if (Status begun = download.begin(answer); !begun) return fail(begun.error());
    if (Status written = download.write(answer.body); !written) return fail(written.error());
    return HttpResponse{.status = answer.status, .headers = answer.headers, .body = {}};
  }
  int asked(const std::string& url) {
    const Lock lock(mutex_);
    return asked_[url];
  }

 private:
  const Script script_;
  Mutex mutex_;
  std::map<std::string, int> asked_ GUARDED_BY(mutex_);
};

class Nothing final : public HttpDownload {
 public:
  Status begin(const HttpResponse&) override { return {}; }
  Status write(std::string_view) override { return {}; }
};

Uuid holder(std::uint8_t number) {
  Uuid id;
  id.bytes[15] = number;
  return id;
}

class PoliteTest : public testing::Test {
 protected:
  /// The desk of a worker.
  ArchiveDesk desk(std::uint8_t number, FakeWeb::Script script) {
    auto web = std::make_unique<FakeWeb>(std::move(script));
    web_ = web.get();
    ArchiveDesk desk{.clock = clock_, .web = std::move(web), .node = nullptr, .ipfs_api = ""};
    desk.gate = std::make_unique<HostGate>(turns_, clock_, holder(number));
    desk.robots = std::make_unique<RobotsCache>(clock_);
    return desk;
  }
  static Result<HttpResponse> get(ArchiveDesk& desk, const std::string& url,
                                  const Manners& manners) {
    Nothing nothing;
    PoliteStreams streams(desk, manners);
    return streams.exchange({.request = {.url = url}}, nothing, {});
  }

  RealClock clock_;
  MemoryHostTurns turns_{clock_};
  FakeWeb* web_ = nullptr;
};

TEST_F(PoliteTest, WorkersTogetherKeepToTheLimit) {
  HostGate one(turns_, clock_, holder(1));
  HostGate two(turns_, clock_, holder(2));
  std::atomic<int> under_way = 0;
  std::atomic<int> most = 0;
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, gate = i % 2 == 0 ? &one : &two] {
        for (int request = 0; request < 5; ++request) {
          const auto turn =
              gate->take({.host = "a.example", .at_once = 2, .wait_max = seconds(60)}, {});
          if (!turn) continue;
          const int now = ++under_way;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          clock_.wait_until(clock_.steady_now() + milliseconds(5), {});
          --under_way;
          ++done;
        }
      });
    }
  }
  EXPECT_LE(most, 2);
  EXPECT_EQ(done, 40);
}

TEST_F(PoliteTest, RequestsOfAllKeepTheirDistance) {
  HostGate one(turns_, clock_, holder(1));
  HostGate two(turns_, clock_, holder(2));
  constexpr int kRequests = 8;
  const SteadyTime began = clock_.steady_now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kRequests; ++i) {
      threads.emplace_back([&, gate = i % 2 == 0 ? &one : &two] {
        const auto turn = gate->take({.host = "a.example",
                                      .at_once = 8,
                                      .delay = milliseconds(100),
                                      .wait_max = seconds(60)},
                                     {});
        EXPECT_TRUE(turn.has_value());
      });
    }
  }
  EXPECT_GE(clock_.steady_now() - began, milliseconds(100) * (kRequests - 1));
}

TEST_F(PoliteTest, TheRetryAfterOfOneIsHeededByAnother) {
  ArchiveDesk one = desk(1, [](const std::string&) {
    return HttpResponse{.status = 429, .headers = {{"retry-after", "600"}}, .body = {}};
  });
  EXPECT_EQ(get(one, "http://a.example/x", {})->status, 429);
  ArchiveDesk two = desk(2, [](const std::string&) { return HttpResponse{.status = 200}; });
  const auto refused = get(two, "http://a.example/y", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(is_no_turn(refused.error())) << refused.error().message;
  EXPECT_GT(*refused.error().retry_after, seconds(300));
  EXPECT_TRUE(std::holds_alternative<outcome::Snoozed>(outcome_of(refused.error())));
  EXPECT_EQ(web_->asked("http://a.example/y"), 0);
  EXPECT_EQ(get(two, "http://a.example:8080/y", {})->status, 200) << "another server";
}

TEST_F(PoliteTest, ABudgetThatIsUsedUpFailsUnsent) {
  ArchiveDesk one = desk(1, [](const std::string&) { return HttpResponse{.status = 500}; });
  for (int i = 0; i <= kHostFailuresMax; ++i) {
    EXPECT_TRUE(get(one, "http://a.example/x", {}).has_value()) << i;
  }
  const auto refused = get(one, "http://a.example/x", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("failed too often"));
  EXPECT_EQ(web_->asked("http://a.example/x"), kHostFailuresMax + 1);
}

TEST_F(PoliteTest, AStopEndsTheWait) {
  HostGate one(turns_, clock_, holder(1));
  const auto turn = one.take({.host = "a.example", .at_once = 1, .wait_max = seconds(1)}, {});
  ASSERT_TRUE(turn.has_value());
  HostGate two(turns_, clock_, holder(2));
  std::stop_source stop;
  std::optional<Error> refusal;
  std::jthread waiting([&] {
    const auto other =
        two.take({.host = "a.example", .at_once = 1, .wait_max = std::chrono::minutes(5)},
                 {.stop = stop.get_token()});
    if (!other) refusal = other.error();
  });
  stop.request_stop();
  waiting.join();
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, Code::cancelled);
}

/// A ledger that does not answer until it is let go.
class HungTurns final : public HostTurns {
 public:
  explicit HungTurns(HostTurns& turns) : turns_(turns) {}
  Result<std::vector<HostTerms>> take(const HostHolding& holding,
                                      std::span<const HostNeed> needs) override {
    {
      Lock lock(mutex_);
      is_called_ = true;
      changed_.notify_all();
      while (!is_released_) changed_.wait(lock);
    }
    return turns_.take(holding, needs);
  }
  void await_call() {
    Lock lock(mutex_);
    while (!is_called_) changed_.wait(lock);
  }
  void release() {
    const Lock lock(mutex_);
    is_released_ = true;
    changed_.notify_all();
  }

 private:
  HostTurns& turns_;
  Mutex mutex_;
  Condition changed_;
  bool is_called_ GUARDED_BY(mutex_) = false;
  bool is_released_ GUARDED_BY(mutex_) = false;
};

TEST_F(PoliteTest, WhoWaitsForALedgerThatHangsIsGivenBackInTime) {
  HungTurns hung(turns_);
  HostGate gate(hung, clock_, holder(1));
  std::thread asks([&] {
    EXPECT_TRUE(gate.take({.host = "a.example:80", .at_once = 1, .wait_max = seconds(60)}, {}));
  });
  hung.await_call();
  for (const char* host : {"a.example:80", "b.example:80"}) {
    const auto late = gate.take({.host = host, .at_once = 1, .wait_max = seconds(60)},
                                {.at = clock_.steady_now() + milliseconds(20)});
    ASSERT_FALSE(late) << host;
    EXPECT_EQ(late.error().code, Code::deadline_exceeded) << late.error().message;
    const auto given_back =
        gate.take({.host = host, .at_once = 1, .wait_max = milliseconds(20)}, {});
    ASSERT_FALSE(given_back) << host;
    EXPECT_TRUE(is_no_turn(given_back.error())) << given_back.error().message;
  }
  hung.release();
  asks.join();
}

TEST_F(PoliteTest, WhatRobotsRefusesIsNotAskedFor) {
  ArchiveDesk one = desk(1, [](const std::string& url) {
    const bool is_file = url.ends_with("/robots.txt");
    return HttpResponse{.status = 200,
                        .headers = {},
                        .body = is_file ? "User-agent: *\nDisallow: /private\n" : "x"};
  });
  const Manners obeys{.obeys_robots = true};
  const auto refused = get(one, "http://a.example/private/1", obeys);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::failed_precondition);
  EXPECT_EQ(web_->asked("http://a.example/private/1"), 0);
  EXPECT_TRUE(get(one, "http://a.example/public", obeys).has_value());
  EXPECT_EQ(web_->asked("http://a.example/robots.txt"), 1);
  EXPECT_TRUE(get(one, "http://a.example/private/1", {}).has_value()) << "that is for who obeys";
}

TEST_F(PoliteTest, ARobotsFileThatIsNotThereAllowsAllAndOneThatFailsNothing) {
  ArchiveDesk one = desk(1, [](const std::string& url) {
    if (url == "http://gone.example/robots.txt") return HttpResponse{.status = 404};
    // However much it says with that.
    if (url == "http://away.example/robots.txt") {
      return HttpResponse{.status = 503, .headers = {}, .body = std::string(600'000, 'x')};
    }
    return HttpResponse{.status = 200};
  });
  const Manners obeys{.obeys_robots = true};
  EXPECT_TRUE(get(one, "http://gone.example/x", obeys).has_value());
  for (int i = 0; i < 3; ++i) {
    const auto refused = get(one, "http://away.example/x", obeys);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_TRUE(refused.error().retry_after.has_value());
  }
  EXPECT_EQ(web_->asked("http://away.example/x"), 0);
  EXPECT_EQ(web_->asked("http://away.example/robots.txt"), 1) << "kept for a while";
}

}  // namespace
}  // namespace waybill
