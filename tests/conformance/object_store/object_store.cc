#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/conformance/object_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ObjectStoreConformance);

void ObjectStoreConformance::make(std::size_t page_size) {
  subject_ = {};
  subject_ = GetParam().make(page_size);
  ASSERT_NE(subject_.store, nullptr);
}

void ObjectStoreConformance::fill(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const Status put = store().put(key, key);
    ASSERT_TRUE(put.has_value()) << put.error().message;
  }
}

ObjectStoreConformance::Listing ObjectStoreConformance::list(ListParams params) {
  Listing listing;
  do {
    const auto page = store().list(params);
    EXPECT_TRUE(page.has_value()) << page.error().message;
    for (const ObjectInfo& object : page->objects) listing.keys.push_back(object.key);
    listing.prefixes.insert(listing.prefixes.end(), page->prefixes.begin(), page->prefixes.end());
    params.token = page->next_token;
  } while (++listing.pages < 1000 && !params.token.empty());
  EXPECT_LT(listing.pages, 1000u) << "the pages do not end";
  return listing;
}

namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

TEST_P(ObjectStoreConformance, AnObjectComesBackByteForByte) {
  std::string body(100'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31);
  ASSERT_TRUE(store().put("a/b", body).has_value());
  EXPECT_EQ(*store().get("a/b"), body);
  ASSERT_TRUE(store().put("empty", "").has_value());
  EXPECT_EQ(*store().get("empty"), "");
}

TEST_P(ObjectStoreConformance, AnObjectThatIsNotThereIsNotFoundAndNamed) {
  fill({"a/b"});
  for (const std::string key : {"nothing", "a", "a/", "a/b/c", "a/bc"}) {
    const auto got = store().get(key);
    ASSERT_FALSE(got.has_value()) << key;
    EXPECT_EQ(got.error().code, Code::not_found) << key;
    EXPECT_NE(got.error().message.find(key), std::string::npos) << got.error().message;
  }
}

TEST_P(ObjectStoreConformance, PutReplaces) {
  ASSERT_TRUE(store().put("k", "a long first body").has_value());
  ASSERT_TRUE(store().put("k", "second").has_value());
  EXPECT_EQ(*store().get("k"), "second");
  EXPECT_THAT(keys(), ElementsAre("k"));
}

TEST_P(ObjectStoreConformance, PutIfAbsentNeverReplaces) {
  ASSERT_TRUE(store().put_if_absent("k", "first").has_value());
  EXPECT_EQ(store().put_if_absent("k", "second").error().code, Code::already_exists);
  EXPECT_EQ(*store().get("k"), "first");
  ASSERT_TRUE(store().remove("k").has_value());
  EXPECT_TRUE(store().put_if_absent("k", "third").has_value());
  EXPECT_EQ(*store().get("k"), "third");
}

TEST_P(ObjectStoreConformance, OfManyPutsEachIsAnsweredForItself) {
  ASSERT_TRUE(store().put("many/3", "before"));
  std::vector<ObjectPut> puts;
  for (int i = 0; i < 12; ++i) puts.push_back({"many/" + std::to_string(i), "x"});
  auto done = store().put_all_if_absent(puts);
  ASSERT_EQ(done.size(), puts.size());
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (i == 3) continue;
    EXPECT_TRUE(done[i]) << i << ": " << done[i].error().message;
    EXPECT_EQ(store().get(puts[i].key).value(), "x");
  }
  EXPECT_EQ(done[3].error().code, Code::already_exists);
  EXPECT_EQ(store().get("many/3").value(), "before");
  const std::vector<ObjectPut> odd = {{"odd/a", "1"}, {"", "2"}, {"odd/b", "3"}};
  done = store().put_all_if_absent(odd);
  EXPECT_TRUE(done[0]);
  EXPECT_EQ(done[1].error().code, Code::invalid_argument);
  EXPECT_TRUE(done[2]);
  EXPECT_TRUE(store().put_all_if_absent({}).empty());
}

TEST_P(ObjectStoreConformance, OfRivalsExactlyOneWinsWhereCapsSaySo) {
  if (!store().caps().conditional_put) GTEST_SKIP() << "no conditional put here";
  for (int round = 0; round < 20; ++round) {
    const std::string key = "lock-" + std::to_string(round);
    std::atomic<int> won = 0;
    std::atomic<int> winner = -1;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
          const Status put = store().put_if_absent(key, std::to_string(t));
          if (put) {
            ++won;
            winner = t;
          } else {
            EXPECT_EQ(put.error().code, Code::already_exists) << put.error().message;
          }
        });
      }
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(*store().get(key), std::to_string(winner));
  }
}

TEST_P(ObjectStoreConformance, ReadersSeeTheOldOrTheNewAndNeverAPart) {
  const std::string old_body(20'000, 'o');
  const std::string new_body(30'000, 'n');
  ASSERT_TRUE(store().put("k", old_body).has_value());
  std::jthread writer([&] {
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(store().put("k", i % 2 == 0 ? new_body : old_body).has_value());
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto body = store().get("k");
    ASSERT_TRUE(body.has_value()) << body.error().message;
    EXPECT_TRUE(*body == old_body || *body == new_body) << body->size() << " bytes";
  }
}

TEST_P(ObjectStoreConformance, ARemovedObjectIsGoneAndMayBeRemovedAgain) {
  fill({"a/b", "a/c"});
  EXPECT_TRUE(store().remove("a/b").has_value());
  EXPECT_TRUE(store().remove("a/b").has_value());
  EXPECT_TRUE(store().remove("never/was").has_value());
  EXPECT_EQ(store().get("a/b").error().code, Code::not_found);
  EXPECT_THAT(keys(), ElementsAre("a/c"));
}

TEST_P(ObjectStoreConformance, AnEmptyOrOverlongKeyIsRefused) {
  EXPECT_EQ(store().put("", "x").error().code, Code::invalid_argument);
  EXPECT_EQ(store().put_if_absent("", "x").error().code, Code::invalid_argument);
  const std::string overlong(1025, 'k');
  EXPECT_EQ(store().put(overlong, "x").error().code, Code::invalid_argument);
  EXPECT_THAT(keys(), IsEmpty());
}

TEST_P(ObjectStoreConformance, KeysAreAnyBytes) {
  std::vector<std::string> odd = {"../up",   "a/../b",   "a//b", "/root", "b/",
                                  ".hidden", "c d",      "%2e",  "-n",    "q\"'\\",
                                  "*",       "\xc3\xbc", "a:b",  "~",     "z/./z"};
  if (store().caps().any_bytes) {
    const std::vector<std::string> odder = {".", "\x01", "x\xff", "line\nfeed",
                                            std::string("nul\0!", 5)};
    odd.insert(odd.end(), odder.begin(), odder.end());
  }
  fill(odd);
  for (const std::string& key : odd) {
    const auto body = store().get(key);
    ASSERT_TRUE(body.has_value()) << body.error().message;
    EXPECT_EQ(*body, key);
  }
  std::vector<std::string> sorted = odd;
  std::ranges::sort(sorted);
  EXPECT_THAT(keys(), ElementsAreArray(sorted));
}

TEST_P(ObjectStoreConformance, AKeyMayBeginWithAnotherWhereCapsSaySo) {
  fill({"a"});
  const Status put = store().put("a/b", "x");
  if (!store().caps().nested_keys) {
    EXPECT_EQ(put.error().code, Code::failed_precondition);
    return;
  }
  ASSERT_TRUE(put.has_value());
  EXPECT_THAT(keys(), ElementsAre("a", "a/b"));
}

TEST_P(ObjectStoreConformance, AnEmptyBucketListsNothing) {
  const auto page = store().list({});
  ASSERT_TRUE(page.has_value());
  EXPECT_THAT(page->objects, IsEmpty());
  EXPECT_EQ(page->next_token, "");
}

TEST_P(ObjectStoreConformance, ObjectsAreListedInByteOrderOfTheirWholeKeys) {
  // By bytes '-' and '.' sort before '/', which sorts before '0': a directory is not a unit.
  const std::vector<std::string> sorted = {"A", "a-b/c", "a.c", "a/0", "a/b/c", "a0", "aa", "b"};
  std::vector<std::string> shuffled = sorted;
  std::ranges::reverse(shuffled);
  fill(shuffled);
  EXPECT_THAT(keys(), ElementsAreArray(sorted));
}

TEST_P(ObjectStoreConformance, AListingSaysSizeAndTime) {
  ASSERT_TRUE(store().put("k", "12345").has_value());
  const auto page = store().list({});
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].size_bytes, 5u);
  EXPECT_NE(page->objects[0].modified_at, Time{});
  const auto keys_only = store().list({.detail = ListDetail::keys_only});
  ASSERT_EQ(keys_only->objects.size(), 1u);
  EXPECT_EQ(keys_only->objects[0].key, "k");
}

TEST_P(ObjectStoreConformance, APrefixNeedNotEndAtASlash) {
  fill({"in/a1", "in/a2", "in/b", "in2/a", "out"});
  EXPECT_THAT(keys({.prefix = "in/a"}), ElementsAre("in/a1", "in/a2"));
  EXPECT_THAT(keys({.prefix = "in"}), ElementsAre("in/a1", "in/a2", "in/b", "in2/a"));
  EXPECT_THAT(keys({.prefix = "in/a1"}), ElementsAre("in/a1"));
  EXPECT_THAT(keys({.prefix = "in/a1/"}), IsEmpty());
  EXPECT_THAT(keys({.prefix = "none"}), IsEmpty());
}

TEST_P(ObjectStoreConformance, BoundsAreExclusiveAndCompareWholeKeys) {
  fill({"a", "b/1", "b/2", "b/3", "c"});
  EXPECT_THAT(keys({.start_after = "b/1"}), ElementsAre("b/2", "b/3", "c"));
  EXPECT_THAT(keys({.start_after = "b/"}), ElementsAre("b/1", "b/2", "b/3", "c"));
  EXPECT_THAT(keys({.end_before = "b/3"}), ElementsAre("a", "b/1", "b/2"));
  EXPECT_THAT(keys({.end_before = "b"}), ElementsAre("a"));
  EXPECT_THAT(keys({.start_after = "a", .end_before = "b/3"}), ElementsAre("b/1", "b/2"));
  EXPECT_THAT(keys({.prefix = "b/", .start_after = "b/1", .end_before = "b/3"}),
              ElementsAre("b/2"));
  EXPECT_THAT(keys({.prefix = "b/", .start_after = "a"}), ElementsAre("b/1", "b/2", "b/3"));
  EXPECT_THAT(keys({.prefix = "b/", .start_after = "c"}), IsEmpty());
  EXPECT_THAT(keys({.start_after = "c", .end_before = "a"}), IsEmpty());
}

TEST_P(ObjectStoreConformance, ADelimiterFoldsWhatComesAfterIt) {
  fill({"a.txt", "in/1/x", "in/1/y", "in/2/x", "in/top", "out/z"});
  auto listing = list({.delimiter = "/"});
  EXPECT_THAT(listing.keys, ElementsAre("a.txt"));
  EXPECT_THAT(listing.prefixes, ElementsAre("in/", "out/"));
  listing = list({.prefix = "in/", .delimiter = "/"});
  EXPECT_THAT(listing.keys, ElementsAre("in/top"));
  EXPECT_THAT(listing.prefixes, ElementsAre("in/1/", "in/2/"));
  listing = list({.prefix = "in/1/", .delimiter = "/"});
  EXPECT_THAT(listing.keys, ElementsAre("in/1/x", "in/1/y"));
  EXPECT_THAT(listing.prefixes, IsEmpty());
  listing = list({.prefix = "i", .delimiter = "n/"});
  EXPECT_THAT(listing.prefixes, ElementsAre("in/"));
}

TEST_P(ObjectStoreConformance, BoundsHoldBeforeFolding) {
  fill({"in/1/x", "in/2/x", "in/2/y", "in/3/x"});
  EXPECT_THAT(list({.prefix = "in/", .start_after = "in/2/x", .delimiter = "/"}).prefixes,
              ElementsAre("in/2/", "in/3/"));
  EXPECT_THAT(list({.prefix = "in/", .start_after = "in/2/y", .delimiter = "/"}).prefixes,
              ElementsAre("in/3/"));
  EXPECT_THAT(list({.prefix = "in/", .end_before = "in/2/y", .delimiter = "/"}).prefixes,
              ElementsAre("in/1/", "in/2/"));
}

TEST_P(ObjectStoreConformance, PagesTogetherGiveEachKeyOnceInOrder) {
  std::vector<std::string> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back("d" + std::to_string(i % 7) + "/k" + std::to_string(i));
  }
  for (const std::size_t page_size : {1u, 3u, 50u, 51u}) {
    make(page_size);
    fill(all);
    std::vector<std::string> sorted = all;
    std::ranges::sort(sorted);
    const Listing listing = list({});
    EXPECT_THAT(listing.keys, ElementsAreArray(sorted)) << "pages of " << page_size;
    EXPECT_GE(listing.pages, (50 + page_size - 1) / page_size);
    const Listing part = list({.prefix = "d3/", .start_after = "d3/k17"});
    EXPECT_THAT(part.keys, ElementsAre("d3/k24", "d3/k3", "d3/k31", "d3/k38", "d3/k45"));
  }
}

TEST_P(ObjectStoreConformance, EachPrefixComesOnceOverAllPages) {
  make(2);
  fill({"a/1", "a/2", "a/3", "b", "c/1", "c/2", "d/1", "e", "f/1"});
  const Listing listing = list({.delimiter = "/"});
  EXPECT_THAT(listing.prefixes, ElementsAre("a/", "c/", "d/", "f/"));
  EXPECT_THAT(listing.keys, ElementsAre("b", "e"));
  EXPECT_GE(listing.pages, 3u);
}

TEST_P(ObjectStoreConformance, AListingGoesOnWhileObjectsComeAndGo) {
  make(2);
  fill({"a", "b", "c", "d", "e", "f"});
  auto page = store().list({});
  ASSERT_TRUE(page.has_value());
  std::vector<std::string> seen;
  for (const ObjectInfo& object : page->objects) seen.push_back(object.key);
  ASSERT_TRUE(store().remove("b").has_value());
  ASSERT_TRUE(store().put("a2", "x").has_value());
  while (!page->next_token.empty()) {
    page = store().list({.token = page->next_token});
    ASSERT_TRUE(page.has_value());
    for (const ObjectInfo& object : page->objects) seen.push_back(object.key);
  }
  // What was there all the time is listed once; what came or went in between may be missing.
  std::erase(seen, "a2");
  EXPECT_THAT(seen, ElementsAre("a", "b", "c", "d", "e", "f"));
}

TEST_P(ObjectStoreConformance, AStoreHasAUrlForPeople) {
  EXPECT_NE(store().url().find("://"), std::string::npos);
}

}  // namespace
}  // namespace waybill
