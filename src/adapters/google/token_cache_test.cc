#include "adapters/google/token_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "testing/sim_clock.h"

namespace waybill::google {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class TokenCacheTest : public testing::Test {
 protected:
  std::string token() {
    const auto found = cache_.token({});
    return found ? *found : "error: " + found.error().message;
  }

  SimClock clock_;
  int fetches_ = 0;
  bool fails_ = false;
  TokenCache cache_{"somebody",
                    [this](const Deadline&) -> Result<Token> {
                      ++fetches_;
                      if (fails_) return fail(Code::unavailable, "down");
                      return Token{.text = std::to_string(fetches_),
                                   .expires_at = clock_.now() + minutes(60)};
                    },
                    clock_};
};

TEST_F(TokenCacheTest, ATokenIsRenewedBeforeItExpires) {
  EXPECT_EQ(token(), "1");
  clock_.advance(minutes(60) - seconds(226));
  EXPECT_EQ(token(), "1");
  clock_.advance(seconds(1));
  EXPECT_EQ(token(), "2");
}

TEST_F(TokenCacheTest, WhatIsStillGoodIsUsedWhileRenewalFails) {
  EXPECT_EQ(token(), "1");
  fails_ = true;
  clock_.advance(minutes(57));
  EXPECT_EQ(token(), "1");
  EXPECT_EQ(token(), "1");
  EXPECT_EQ(fetches_, 2) << "it is not asked again at once";
  clock_.advance(seconds(10));
  EXPECT_EQ(token(), "1");
  EXPECT_EQ(fetches_, 3);
  clock_.advance(minutes(3));
  EXPECT_EQ(token(), "error: down");
  fails_ = false;
  EXPECT_EQ(token(), "5");
}

/// What `threads` threads get that ask at once, where `fetch` answers once all are there.
std::vector<Result<std::string>> ask_at_once(int threads, const Fetch& fetch) {
  SimClock clock;
  TokenCache cache("somebody", fetch, clock);
  std::vector<Result<std::string>> answers(static_cast<std::size_t>(threads));
  std::latch all_here(threads);
  {
    std::vector<std::jthread> running;
    running.reserve(answers.size());
    for (auto& answer : answers) {
      running.emplace_back([&] {
        all_here.arrive_and_wait();
        answer = cache.token({});
      });
    }
  }
  return answers;
}

TEST(TokenCache, ManyThreadsFetchOnce) {
  std::atomic<int> fetches = 0;
  for (const auto& answer : ask_at_once(8, [&](const Deadline&) -> Result<Token> {
         ++fetches;
         return Token{.text = "t", .expires_at = kTimeMax};
       })) {
    EXPECT_EQ(answer.value_or("none"), "t");
  }
  EXPECT_EQ(fetches, 1);
}

TEST(TokenCache, ThreadsDoNotGiveUpBecauseTheOneThatFetchedDid) {
  std::atomic<int> fetches = 0;
  int given_up = 0;
  for (const auto& answer : ask_at_once(8, [&](const Deadline&) -> Result<Token> {
         if (++fetches == 1) return fail(Code::cancelled, "stopped");
         return Token{.text = "t", .expires_at = kTimeMax};
       })) {
    if (answer) {
      EXPECT_EQ(*answer, "t");
    } else {
      ++given_up;
    }
  }
  EXPECT_EQ(given_up, 1);
  EXPECT_EQ(fetches, 2);
}

TEST(TokenCache, AThreadThatIsStoppedWaitsNoLonger) {
  SimClock clock;
  std::latch is_fetching(1);
  std::latch may_answer(1);
  TokenCache cache(
      "somebody",
      [&](const Deadline&) -> Result<Token> {
        is_fetching.count_down();
        may_answer.wait();
        return Token{.text = "t", .expires_at = kTimeMax};
      },
      clock);
  std::jthread fetcher([&] { EXPECT_EQ(*cache.token({}), "t"); });
  is_fetching.wait();
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(cache.token({.stop = stop.get_token()}).error().code, Code::cancelled);
  EXPECT_EQ(cache.token({.at = clock.steady_now()}).error().code, Code::deadline_exceeded);
  may_answer.count_down();
}

}  // namespace
}  // namespace waybill::google
