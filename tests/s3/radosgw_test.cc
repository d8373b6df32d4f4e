#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/conformance/object_store/suite.h"
#include "tests/queues/server.h"
#include "tests/s3/bucket.h"

namespace waybill {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

/// Ceph's gateway, one for all cases. It checks signatures, hashes and clocks.
class Gateway {
 public:
  static Gateway& instance() {
    static Gateway one;
    return one;
  }
  bool is_there() const {
    return !find_program("radosgw").empty() && !find_program("ceph-osd").empty();
  }
  BucketAccess access() const {
    return {.endpoint = "http://127.0.0.1:" + std::to_string(port_),
            .keys = {.access_key_id = "WAYBILLTESTS00000000", .secret_access_key = "not/a+secret"}};
  }

 private:
  Gateway() {
    if (!is_there()) {
      std::cout << "nothing was tested: radosgw is not installed\n";
      return;
    }
    const AwsCredentials keys = access().keys;
    EXPECT_TRUE(server_.start({.command = {"/bin/bash", "tests/servers/radosgw.sh"},
                               .environment = {{"PATH", std::getenv("PATH")},
                                               {"DIR", server_.directory()},
                                               {"PORT", std::to_string(port_)},
                                               {"MONITOR_PORT", std::to_string(free_port())},
                                               {"MONITOR_PORT_1", std::to_string(free_port())},
                                               {"ACCESS_KEY", keys.access_key_id},
                                               {"SECRET_KEY", keys.secret_access_key}},
                               .ready = [this] { return accepts(port_); }}));
  }

  const int port_ = free_port();
  Server server_;
};

ObjectStoreSubject subject(std::size_t page_size) {
  Gateway& gateway = Gateway::instance();
  if (!gateway.is_there()) return {};
  const BucketAccess access = gateway.access();
  auto bucket = std::make_shared<Bucket>(access, make_bucket(access), page_size);
  return {.owner = bucket, .store = std::move(bucket->store)};
}

class GatewayS3 : public testing::Test {
 protected:
  void SetUp() override {
    if (!Gateway::instance().is_there()) GTEST_SKIP() << "radosgw is not installed";
  }
};

TEST_F(GatewayS3, ConditionalPutsAreHonoured) {
  const BucketAccess access = Gateway::instance().access();
  Bucket bucket(access, make_bucket(access));
  const auto honoured = bucket.store->probe_conditional_put("task-markers/probe");
  ASSERT_TRUE(honoured) << honoured.error().message;
  EXPECT_TRUE(*honoured);
}

TEST_F(GatewayS3, OddNamesArePutListedReadAndRemoved) {
  const BucketAccess access = Gateway::instance().access();
  Bucket bucket(access, make_bucket(access), 3);
  std::vector<std::string> odd = {"sp ace", "a+b",  "100%",   "%2F",   "ü/é",   "日本", "q?x=1",
                                  "h#ash",  "a//b", "/led",   "tail/", "a&b",   "~",    "a=b",
                                  "<x>",    "'\"",  "tab\tx", "(a)*!", "a;b:c", "@$,"};
  for (const std::string& key : odd) {
    const Status put = bucket.store->put(key, key);
    ASSERT_TRUE(put) << put.error().message;
    const auto body = bucket.store->get(key);
    ASSERT_TRUE(body) << body.error().message;
    EXPECT_EQ(*body, key);
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

TEST_F(GatewayS3, AWrongSecretIsRefused) {
  BucketAccess access = Gateway::instance().access();
  const std::string name = make_bucket(access);
  access.keys.secret_access_key = "wrong-secret";
  Bucket bucket(access, name);
  const auto page = bucket.store->list({});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, Code::unauthenticated);
  EXPECT_THAT(page.error().message, HasSubstr("SignatureDoesNotMatch"));
  EXPECT_EQ(page.error().message.find("wrong-secret"), std::string::npos);
}

TEST_F(GatewayS3, AnUnknownKeyIsRefused) {
  BucketAccess access = Gateway::instance().access();
  access.keys.access_key_id = "NOBODY";
  Bucket bucket(access, "any-bucket");
  const auto page = bucket.store->list({});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, Code::unauthenticated);
  EXPECT_THAT(page.error().message, HasSubstr("InvalidAccessKeyId"));
}

TEST_F(GatewayS3, ABucketThatIsNotThereIsNotFound) {
  Bucket bucket(Gateway::instance().access(), "never-made");
  EXPECT_EQ(bucket.store->list({}).error().code, Code::not_found);
  EXPECT_EQ(bucket.store->put("k", "x").error().code, Code::not_found);
}

INSTANTIATE_TEST_SUITE_P(Gateway, ObjectStoreConformance,
                         testing::Values(ObjectStoreImplementation{.name = "radosgw",
                                                                   .make = subject}));

}  // namespace
}  // namespace waybill
