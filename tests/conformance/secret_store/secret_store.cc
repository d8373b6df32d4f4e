#include <gmock/gmock.h>

#include <thread>

#include "tests/conformance/secret_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SecretStoreConformance);

std::vector<SecretRecord> SecretStoreConformance::list() {
  auto records = store().list();
  EXPECT_TRUE(records.has_value()) << records.error().message;
  return records ? std::move(*records) : std::vector<SecretRecord>();
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Time kNow{1'800'000'000s};

SecretRecord a_secret(std::string name, char filling = 's') {
  return {.name = std::move(name),
          .sealed = std::string(40, filling),
          .key_id = "00000000000000aa",
          .created_at = kNow,
          .changed_at = kNow,
          .changed_by = "ann"};
}

Resealing resealed(const SecretRecord& record, const std::string& key_id) {
  return {.name = record.name,
          .sealed_before = record.sealed,
          .sealed = record.sealed + "2",
          .key_id = key_id};
}

TEST_P(SecretStoreConformance, BeginsEmpty) {
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_EQ(store().get("a").error().code, Code::not_found);
}

TEST_P(SecretStoreConformance, ASecretIsKeptWithAllItsFieldsAndAllItsBytes) {
  SecretRecord full = a_secret("full");
  for (std::size_t i = 0; i < full.sealed.size(); ++i) full.sealed[i] = static_cast<char>(i * 37);
  full.changed_at = kNow + 1us;
  EXPECT_EQ(store().put(full), SecretPut::made);
  EXPECT_EQ(store().put(a_secret("bare")), SecretPut::made);
  EXPECT_THAT(list(), ElementsAre(a_secret("bare"), full));
  EXPECT_EQ(store().get("full"), full);
}

TEST_P(SecretStoreConformance, OneOfTheSameNameTakesItsPlaceButNotItsTimeOfMaking) {
  ASSERT_TRUE(store().put(a_secret("a")));
  SecretRecord later = a_secret("a", 't');
  later.created_at = later.changed_at = kNow + 5s;
  later.changed_by = "bob";
  EXPECT_EQ(store().put(later), SecretPut::replaced);
  later.created_at = kNow;
  EXPECT_THAT(list(), ElementsAre(later));
}

TEST_P(SecretStoreConformance, AClockThatWentBackIsPassedOver) {
  ASSERT_TRUE(store().put(a_secret("a")));
  SecretRecord earlier = a_secret("a", 't');
  earlier.created_at = earlier.changed_at = kNow - 5s;
  EXPECT_EQ(store().put(earlier), SecretPut::replaced);
  EXPECT_EQ(store().get("a")->changed_at, kNow);
}

TEST_P(SecretStoreConformance, WhatNoStoreMayTakeIsRefused) {
  SecretRecord plain = a_secret("a");
  plain.sealed = "hunter2";
  EXPECT_EQ(store().put(plain).error().code, Code::invalid_argument);
  EXPECT_EQ(store().put(a_secret("A name")).error().code, Code::invalid_argument);
  SecretRecord keyless = a_secret("a");
  keyless.key_id = "";
  EXPECT_EQ(store().put(keyless).error().code, Code::invalid_argument);
  EXPECT_THAT(list(), IsEmpty());
}

TEST_P(SecretStoreConformance, AllAreSealedUnderOneKey) {
  ASSERT_TRUE(store().put(a_secret("a")));
  SecretRecord other = a_secret("b");
  other.key_id = "00000000000000bb";
  EXPECT_EQ(store().put(other).error().code, Code::failed_precondition);
  other.name = "a";
  EXPECT_EQ(store().put(other), SecretPut::replaced) << "no other one is left under the old key";
  EXPECT_THAT(list().size(), 1U);
}

TEST_P(SecretStoreConformance, WhatIsRemovedIsGone) {
  ASSERT_TRUE(store().put(a_secret("a")));
  ASSERT_TRUE(store().put(a_secret("b")));
  EXPECT_TRUE(store().remove("a"));
  EXPECT_EQ(store().remove("a").error().code, Code::not_found);
  EXPECT_THAT(list(), ElementsAre(a_secret("b")));
}

TEST_P(SecretStoreConformance, AllAreSealedAnewTogether) {
  const SecretRecord a = a_secret("a");
  const SecretRecord b = a_secret("b");
  ASSERT_TRUE(store().put(a));
  ASSERT_TRUE(store().put(b));
  const Resealing all[] = {resealed(a, "00000000000000bb"), resealed(b, "00000000000000bb")};
  ASSERT_TRUE(store().reseal(all));
  SecretRecord after = a;
  after.sealed = all[0].sealed;
  after.key_id = "00000000000000bb";
  EXPECT_EQ(store().get("a"), after) << "who changed it, and when, stays";
  EXPECT_EQ(store().get("b")->key_id, "00000000000000bb");
}

TEST_P(SecretStoreConformance, NoneIsSealedAnewIfOneWasChangedMeanwhile) {
  const SecretRecord a = a_secret("a");
  const SecretRecord b = a_secret("b");
  ASSERT_TRUE(store().put(a));
  ASSERT_TRUE(store().put(b));
  const Resealing one[] = {resealed(a, "00000000000000bb")};
  EXPECT_EQ(store().reseal(one).error().code, Code::aborted) << "b was left out";
  const Resealing both[] = {resealed(a, "00000000000000bb"),
                            resealed(a_secret("b", 't'), "00000000000000bb")};
  EXPECT_EQ(store().reseal(both).error().code, Code::aborted) << "b was changed";
  const Resealing gone[] = {resealed(a, "00000000000000bb"),
                            resealed(a_secret("c"), "00000000000000bb")};
  EXPECT_EQ(store().reseal(gone).error().code, Code::aborted) << "c is not there";
  EXPECT_THAT(list(), ElementsAre(a, b));
}

TEST_P(SecretStoreConformance, ManyThreadsPutAndGet) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      const std::string name = "s" + std::to_string(i);
      for (int n = 0; n < 5; ++n) {
        EXPECT_TRUE(store().put(a_secret(name)));
        EXPECT_EQ(store().get(name), a_secret(name));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(list().size(), 4U);
}

}  // namespace
}  // namespace waybill
