#include "adapters/aws/credential_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "testing/sim_clock.h"

namespace waybill::aws {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class CredentialCacheTest : public testing::Test {
 protected:
  std::string key() {
    const auto found = cache_.credentials({});
    return found ? found->access_key_id : "error: " + found.error().message;
  }

  SimClock clock_;
  int fetches_ = 0;
  bool fails_ = false;
  CredentialCache cache_{"somebody",
                         [this](const Deadline&) -> Result<AwsCredentials> {
                           ++fetches_;
                           if (fails_) return fail(Code::unavailable, "down");
                           return AwsCredentials{.access_key_id = std::to_string(fetches_),
                                                 .expires_at = clock_.now() + minutes(60)};
                         },
                         clock_};
};

TEST_F(CredentialCacheTest, CredentialsAreRenewedFiveMinutesBeforeTheyExpire) {
  EXPECT_EQ(key(), "1");
  clock_.advance(minutes(55) - seconds(1));
  EXPECT_EQ(key(), "1");
  clock_.advance(seconds(1));
  EXPECT_EQ(key(), "2");
}

TEST_F(CredentialCacheTest, WhatIsStillValidIsUsedWhileRenewalFails) {
  EXPECT_EQ(key(), "1");
  fails_ = true;
  clock_.advance(minutes(56));
  EXPECT_EQ(key(), "1");
  EXPECT_EQ(key(), "1");
  EXPECT_EQ(fetches_, 2) << "it is not asked again at once";
  clock_.advance(seconds(10));
  EXPECT_EQ(key(), "1");
  EXPECT_EQ(fetches_, 3);
  clock_.advance(minutes(4));
  EXPECT_EQ(key(), "error: down");
  fails_ = false;
  EXPECT_EQ(key(), "5");
}

TEST(CredentialCache, ManyThreadsFetchOnce) {
  SimClock clock;
  std::atomic<int> fetches = 0;
  std::latch all_here(8);
  CredentialCache cache(
      "somebody",
      [&](const Deadline&) -> Result<AwsCredentials> {
        ++fetches;
        return AwsCredentials{.access_key_id = "k"};
      },
      clock);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        all_here.arrive_and_wait();
        EXPECT_EQ(cache.credentials({})->access_key_id, "k");
      });
    }
  }
  EXPECT_EQ(fetches, 1);
}

}  // namespace
}  // namespace waybill::aws
