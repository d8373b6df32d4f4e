#include "core/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "base/rng.h"

namespace waybill {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(RetryDelay, GrowsByItsFactorUpToItsLimit) {
  const RetryPolicy policy{
      .backoff_first = seconds(1), .backoff_max = seconds(10), .backoff_factor = 3};
  EXPECT_EQ(retry_delay(policy, 1, 0), seconds(1));
  EXPECT_EQ(retry_delay(policy, 2, 0), seconds(3));
  EXPECT_EQ(retry_delay(policy, 3, 0), seconds(9));
  EXPECT_EQ(retry_delay(policy, 4, 0), seconds(10));
  EXPECT_EQ(retry_delay(policy, 4'000'000'000, 0), seconds(10));
}

TEST(RetryDelay, JitterIsAdded) {
  const RetryPolicy policy{.backoff_first = seconds(10), .jitter = 0.2};
  EXPECT_EQ(retry_delay(policy, 1, 0), seconds(10));
  EXPECT_EQ(retry_delay(policy, 1, 0.5), seconds(11));
  EXPECT_LT(retry_delay(policy, 1, 0.999999), seconds(12));
}

TEST(RetryDelay, NoBackoffIsNoDelay) {
  EXPECT_EQ(retry_delay({.backoff_first = Duration(0)}, 5, 0.9), Duration(0));
}

RetryPolicy any_policy() {
  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  RetryPolicy policy;
  policy.failures_max = static_cast<std::uint32_t>(1 + rng.below(1000));
  policy.backoff_first = Duration(rng.below(1ULL << (1 + rng.below(40))));
  policy.backoff_max = policy.backoff_first + Duration(rng.below(1ULL << (1 + rng.below(44))));
  policy.backoff_factor = rng.chance(0.2) ? 1.0 : 1 + rng.unit() * 20;
  policy.jitter = rng.chance(0.2) ? 0.0 : rng.unit();
  RC_ASSERT(check_retry_policy(policy).has_value());
  return policy;
}

RC_GTEST_PROP(RetryDelay, LiesBetweenItsBoundsAndNeverShrinks, ()) {
  const RetryPolicy policy = any_policy();
  const double chance = Rng(*rc::gen::arbitrary<std::uint64_t>()).unit();
  Duration last{};
  for (std::uint32_t failures = 1; failures < 100; ++failures) {
    const Duration plain = retry_delay(policy, failures, 0);
    const Duration jittered = retry_delay(policy, failures, chance);
    RC_ASSERT(plain >= policy.backoff_first);
    RC_ASSERT(plain <= policy.backoff_max);
    RC_ASSERT(plain >= last);
    RC_ASSERT(jittered >= plain);
    RC_ASSERT(static_cast<double>(jittered.count()) <=
              static_cast<double>(plain.count() + 1) * (1 + policy.jitter));
    last = plain;
  }
}

TEST(CheckRetryPolicy, NamesTheFieldThatIsOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  struct Case {
    RetryPolicy policy;
    const char* field;
  };
  for (const Case& c : std::initializer_list<Case>{
           {{.failures_max = 0}, "retry.failures "},
           {{.worker_deaths_max = 0}, "retry.worker_deaths_max"},
           {{.backoff_first = seconds(-1)}, "retry.backoff_first"},
           {{.backoff_first = seconds(2), .backoff_max = seconds(1)}, "retry.backoff_max"},
           {{.backoff_max = std::chrono::hours(24 * 367)}, "retry.backoff_max"},
           {{.backoff_factor = 0.5}, "retry.backoff_factor"},
           {{.backoff_factor = nan}, "retry.backoff_factor"},
           {{.jitter = -0.1}, "retry.jitter"},
           {{.jitter = 1.1}, "retry.jitter"},
           {{.jitter = nan}, "retry.jitter"},
       }) {
    const Status status = check_retry_policy(c.policy);
    ASSERT_FALSE(status) << c.field;
    EXPECT_EQ(status.error().code, Code::invalid_argument);
    EXPECT_THAT(status.error().message, ::testing::StartsWith(c.field));
  }
  EXPECT_TRUE(check_retry_policy({}));
}

}  // namespace
}  // namespace waybill
