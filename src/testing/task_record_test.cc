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

TEST(Record, WhoIsToldComesAfterTheRest) {
  TaskRequest request = strange();
  const std::string without = encode_rest(request);
  request.notify = R"([{"on":["failed"],"kind":"notify.mail","spec":{}}])";
  const std::string with = encode_rest(request);
  // Version, the parts that version 1 has, the number of others, and of each its tag and bytes.
  EXPECT_EQ(with.substr(1), without.substr(1) + "\x01\x01" +
                                static_cast<char>(request.notify.size()) + request.notify);
  EXPECT_EQ(without.front(), 1);
  EXPECT_EQ(with.front(), 2);
  TaskRequest read;
  ASSERT_TRUE(decode_rest(with, read));
  EXPECT_EQ(read.notify, request.notify);
  EXPECT_EQ(read.labels, request.labels);
  ASSERT_TRUE(decode_rest(without, read));
  EXPECT_EQ(read.notify, "");
  const auto whole = decode_request(encode_request(request));
  ASSERT_TRUE(whole);
  EXPECT_EQ(*whole, request);
}

TEST(Record, WhatIsCutOffAfterTheRestIsDamaged) {
  TaskRequest request = strange();
  request.notify = "[]";
  const std::string whole = encode_rest(request);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    TaskRequest read;
    ASSERT_FALSE(decode_rest(whole.substr(0, size), read)) << size;
  }
  TaskRequest read;
  EXPECT_FALSE(decode_rest(whole + "x", read));
  std::string other_tag = whole;
  other_tag[whole.size() - 4] = 9;
  EXPECT_FALSE(decode_rest(other_tag, read)) << "a part that this program does not know";
}

}  // namespace
}  // namespace waybill
