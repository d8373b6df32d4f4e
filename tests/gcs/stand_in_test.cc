#include "tests/gcs/stand_in.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/digest.h"
#include "tests/conformance/object_store/suite.h"
#include "tests/gcs/fault_proxy.h"

namespace waybill {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

ObjectStoreSubject subject_of(StandIn& server, std::size_t page_size) {
  auto bucket = std::make_shared<GcsBucket>(GcsBucketParams{
      .endpoint = server.endpoint(), .name = server.make_bucket(), .page_size = page_size});
  return {.owner = bucket, .store = std::move(bucket->store)};
}

/// A fault for each request, that depends on nothing but its text.
ProxyFault by_text(const ReceivedRequest& request) {
  const std::string hash = sha256(request.method + request.target + '\n' + request.body);
  return static_cast<ProxyFault>(static_cast<unsigned char>(hash[0]) % kProxyFaults);
}

/// A bucket behind a proxy.
struct FaultyBucket {
  explicit FaultyBucket(FaultProxy::Choose choose, std::size_t page_size = 1000)
      : proxy(stand_in().endpoint(), std::move(choose)),
        bucket({.endpoint = proxy.endpoint(),
                .name = stand_in().make_bucket(),
                .page_size = page_size}) {}

  FaultProxy proxy;
  GcsBucket bucket;
};

ObjectStoreSubject faulty_subject(std::size_t page_size) {
  auto faulty = std::make_shared<FaultyBucket>(by_text, page_size);
  return {.owner = faulty, .store = std::move(faulty->bucket.store)};
}

TEST(GcsOnStandIn, OddNamesArePutListedReadAndRemoved) {
  GcsBucket bucket(
      {.endpoint = stand_in().endpoint(), .name = stand_in().make_bucket(), .page_size = 3});
  std::vector<std::string> odd = {"sp ace", "a+b",  "100%",   "%2F",   "ü/é",   "日本", "q?x=1",
                                  "h#ash",  "a//b", "/led",   "tail/", "a&b",   "~",    "a=b",
                                  "<x>",    "'\"",  "tab\tx", "(a)*!", "a;b:c", "@$,",  "\\",
                                  "./a",    "..a",  "a/.",    "😀",     "a/../b"};
  for (const std::string& key : odd) {
    const Status put = bucket.store->put(key, key);
    ASSERT_TRUE(put) << put.error().message;
    EXPECT_EQ(bucket.store->get(key).value_or("(none)"), key);
  }
  std::sort(odd.begin(), odd.end());
  std::vector<std::string> listed;
  ListParams params;
  do {
    const auto page = bucket.store->list(params);
    ASSERT_TRUE(page) << page.error().message;
    for (const ObjectInfo& object : page->objects) listed.push_back(object.key);
    params.token = page->next_token;
  } while (!params.token.empty());
  EXPECT_THAT(listed, ElementsAreArray(odd));
  for (const std::string& key : odd) {
    EXPECT_TRUE(bucket.store->remove(key)) << key;
    EXPECT_EQ(bucket.store->get(key).error().code, Code::not_found) << key;
  }
}

TEST(GcsOnStandIn, AWrongTokenIsRefusedAndNotShown) {
  GcsBucket bucket(
      {.endpoint = stand_in().endpoint(), .name = stand_in().make_bucket(), .token = "hush-token"});
  const auto page = bucket.store->list({});
  EXPECT_EQ(page.error().code, Code::unauthenticated);
  EXPECT_THAT(page.error().message, HasSubstr("401"));
  EXPECT_THAT(page.error().message, Not(HasSubstr("hush")));
  EXPECT_EQ(bucket.store->put_if_absent("k", "x").error().code, Code::unauthenticated);
  EXPECT_EQ(bucket.store->get("k").error().code, Code::unauthenticated);
  EXPECT_EQ(bucket.store->remove("k").error().code, Code::unauthenticated);
}

TEST(GcsOnStandIn, ABucketThatIsNotThereIsNotFound) {
  GcsBucket bucket({.endpoint = stand_in().endpoint(), .name = "never-made"});
  EXPECT_EQ(bucket.store->list({}).error().code, Code::not_found);
  EXPECT_EQ(bucket.store->put("k", "x").error().code, Code::not_found);
  EXPECT_EQ(bucket.store->put_if_absent("k", "x").error().code, Code::not_found);
  EXPECT_EQ(bucket.store->remove("k").error().code, Code::not_found);
}

TEST(GcsOnStandIn, APutWhoseAnswerIsLostIsOursAndAnEqualRivalsIsNot) {
  for (const ProxyFault fault : {ProxyFault::lost_after, ProxyFault::broken_after}) {
    FaultyBucket faulty([&](const ReceivedRequest& request) {
      return request.method == "POST" ? fault : ProxyFault::none;
    });
    const Status first = faulty.bucket.store->put_if_absent("lock", "same body");
    EXPECT_TRUE(first) << first.error().message;
    EXPECT_EQ(faulty.bucket.store->put_if_absent("lock", "same body").error().code,
              Code::already_exists);
    EXPECT_EQ(faulty.proxy.met()[fault], 2);
  }
}

TEST(GcsOnStandIn, EveryFaultIsMetAndOvercome) {
  FaultyBucket faulty(by_text);
  for (int i = 0; i < 40; ++i) {
    const std::string key = "k" + std::to_string(i);
    const Status put = faulty.bucket.store->put_if_absent(key, key);
    ASSERT_TRUE(put) << put.error().message;
    ASSERT_EQ(faulty.bucket.store->get(key).value_or("(none)"), key);
    ASSERT_TRUE(faulty.bucket.store->remove(key));
  }
  for (int fault = 0; fault < kProxyFaults; ++fault) {
    EXPECT_GT(faulty.proxy.met()[static_cast<ProxyFault>(fault)], 0) << fault;
  }
}

TEST(GcsOnStandIn, AServerThatStaysAwayIsUnavailable) {
  const int port = free_port();
  GcsBucket bucket({.endpoint = "http://127.0.0.1:" + std::to_string(port), .name = "any"});
  EXPECT_EQ(bucket.store->put_if_absent("k", "x").error().code, Code::unavailable);
}

INSTANTIATE_TEST_SUITE_P(
    Gcs, ObjectStoreConformance,
    testing::Values(
        ObjectStoreImplementation{
            .name = "stand_in",
            .make = [](std::size_t page_size) { return subject_of(stand_in(), page_size); }},
        ObjectStoreImplementation{.name = "folding_first",
                                  .make =
                                      [](std::size_t page_size) {
                                        return subject_of(stand_in_that_folds_first(), page_size);
                                      }},
        ObjectStoreImplementation{.name = "with_faults", .make = faulty_subject}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace waybill
