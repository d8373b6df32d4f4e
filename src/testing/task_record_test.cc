// What stored bytes mean, written out: ledgers in use hold them, so that a case that fails after a
// change of the code shows a change that would alter their tasks. Mend the code, not the case.

#include "core/task_record.h"

#include <gtest/gtest.h>

#include "testing/builders.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

/// What every ledger means by a request without a rest.
constexpr RetryPolicy kRetryOfNoRest = {.failures_max = 5,
                                        .worker_deaths_max = 3,
                                        .backoff_first = 1s,
                                        .backoff_max = 5min,
                                        .backoff_factor = 2.0,
                                        .jitter = 0.2};

TaskRequest strange() {
  TaskRequest request = a_task(1).waits_for({task_id(2)}).run_at(from_micros(77));
  request.run_time_max = 9s;
  request.labels = {{"a", "b"}};
  request.retry = {.failures_max = 99,
                   .worker_deaths_max = 98,
                   .backoff_first = 97s,
                   .backoff_max = 98s,
                   .backoff_factor = 3.5,
                   .jitter = 0.75};
  return request;
}

TEST(Record, NoRestMeansTheSameValuesForEver) {
  TaskRequest request = strange();
  ASSERT_TRUE(decode_rest("", request));
  EXPECT_EQ(request.retry, kRetryOfNoRest);
  EXPECT_EQ(request.run_at, Time{});
  EXPECT_EQ(request.run_time_max, 0s);
  EXPECT_TRUE(request.waits_for.empty());
  EXPECT_TRUE(request.labels.empty());
}

TEST(Record, OnlyThoseValuesNeedNoRest) {
  TaskRequest request = a_task(1);
  request.retry = kRetryOfNoRest;
  EXPECT_EQ(encode_rest(request), "");
  request.retry.jitter = 0.25;
  EXPECT_NE(encode_rest(request), "");
}

TEST(Record, ARestTellsEachFieldAgain) {
  TaskRequest read;
  ASSERT_TRUE(decode_rest(encode_rest(strange()), read));
  EXPECT_EQ(read.retry, strange().retry);
  EXPECT_EQ(read.run_at, from_micros(77));
  EXPECT_EQ(read.run_time_max, 9s);
  EXPECT_EQ(read.waits_for, std::vector{task_id(2)});
  EXPECT_EQ(read.labels, strange().labels);
}

TEST(Record, AnyRestThatIsCutOffIsDamaged) {
  const std::string whole = encode_rest(strange());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    TaskRequest read;
    const Status status = decode_rest(whole.substr(0, size), read);
    ASSERT_FALSE(status.has_value()) << size;
    EXPECT_EQ(status.error().code, Code::data_loss);
  }
}

}  // namespace
}  // namespace waybill
