#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>

#include "tests/conformance/object_store/suite.h"
#include "tests/queues/server.h"
#include "tests/s3/bucket.h"

namespace waybill {
namespace {

/// moto's server, one for all cases. It does not check signatures.
class Moto {
 public:
  static Moto& instance() {
    static Moto one;
    return one;
  }
  bool is_there() const { return !program_.empty(); }
  BucketAccess access() const {
    return {.endpoint = "http://127.0.0.1:" + std::to_string(port_),
            .keys = {.access_key_id = "any", .secret_access_key = "any"}};
  }

 private:
  Moto() {
    if (!is_there()) {
      std::cout << "nothing was tested: moto_server is not installed\n";
      return;
    }
    EXPECT_TRUE(
        server_.start({.command = {program_, "-H", "127.0.0.1", "-p", std::to_string(port_)},
                       .environment = {{"PATH", std::getenv("PATH")},
                                       {"HOME", server_.directory()},
                                       {"TMPDIR", server_.directory()},
                                       {"AWS_ACCESS_KEY_ID", "x"},
                                       {"AWS_SECRET_ACCESS_KEY", "x"}},
                       .ready = [this] { return accepts(port_); }}));
  }

  const int port_ = free_port();
  const std::string program_ = find_program("moto_server");
  Server server_;
};

ObjectStoreSubject subject(std::size_t page_size) {
  Moto& moto = Moto::instance();
  if (!moto.is_there()) return {};
  auto bucket = std::make_shared<Bucket>(moto.access(), make_bucket(moto.access()), page_size);
  return {.owner = bucket, .store = std::move(bucket->store)};
}

class MotoS3 : public testing::Test {
 protected:
  void SetUp() override {
    if (!Moto::instance().is_there()) GTEST_SKIP() << "moto_server is not installed";
  }
};

TEST_F(MotoS3, ConditionalPutsAreHonoured) {
  const BucketAccess access = Moto::instance().access();
  Bucket bucket(access, make_bucket(access));
  const auto honoured = bucket.store->probe_conditional_put("task-markers/probe");
  ASSERT_TRUE(honoured) << honoured.error().message;
  EXPECT_TRUE(*honoured);
  EXPECT_EQ(bucket.store->list({})->objects.size(), 0u);
}

TEST_F(MotoS3, ABucketThatIsNotThereIsNotFound) {
  Bucket bucket(Moto::instance().access(), "never-made");
  EXPECT_EQ(bucket.store->list({}).error().code, Code::not_found);
  EXPECT_EQ(bucket.store->put("k", "x").error().code, Code::not_found);
}

INSTANTIATE_TEST_SUITE_P(Moto, ObjectStoreConformance,
                         testing::Values(ObjectStoreImplementation{.name = "moto",
                                                                   .make = subject}));

}  // namespace
}  // namespace waybill
