#include <gmock/gmock.h>

#include <thread>

#include "tests/conformance/collection_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CollectionStoreConformance);

std::vector<Collection> CollectionStoreConformance::list() {
  auto all = store().page({.limit = 1000});
  EXPECT_TRUE(all.has_value()) << all.error().message;
  return all ? std::move(*all) : std::vector<Collection>();
}

std::vector<CollectionItem> CollectionStoreConformance::items_of(const Uuid& id) {
  auto all = store().items({.collection = id, .limit = 1000});
  EXPECT_TRUE(all.has_value()) << all.error().message;
  return all ? std::move(*all) : std::vector<CollectionItem>();
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Time kNow{1'800'000'000s};
const std::string kUrl = "https://x.example/a?b=ü";

Uuid id_of(std::uint8_t number) {
  Uuid id;
  id.bytes.fill(7);
  id.bytes.back() = number;
  return id;
}

Collection a_collection(std::uint8_t number, std::string url = "") {
  return {.id = id_of(number),
          .url = std::move(url),
          .title = "Title " + std::to_string(number),
          .description = "of many\nthings",
          .creator = "ann",
          .created_at = kNow,
          .changed_at = kNow};
}

CollectionItem an_item(std::string url, std::string title = "") {
  return {.url = std::move(url), .title = std::move(title)};
}

UrlFetch a_fetch(Time at = kNow, const std::string& cid = "bafy") {
  return {.tried_at = at,
          .fetched_at = at,
          .status = 200,
          .size_bytes = 5,
          .media_type = "text/plain; charset=utf-8",
          .sha256 = std::string(64, 'a'),
          .cid = cid,
          .header_cid = "bafk"};
}

UrlFetch a_failure(Time at, FetchFailure failure = FetchFailure::permanent) {
  return {.tried_at = at, .failure = failure, .status = 404, .error = "x.example answers 404"};
}

std::vector<std::string> urls_of(const std::vector<CollectionItem>& items) {
  std::vector<std::string> urls;
  for (const CollectionItem& item : items) urls.push_back(item.url);
  return urls;
}

TEST_P(CollectionStoreConformance, BeginsEmpty) {
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_EQ(store().find(id_of(1)).error().code, Code::not_found);
  EXPECT_THAT(items_of(id_of(1)), IsEmpty());
  EXPECT_THAT(*store().snapshots({.url = kUrl}), IsEmpty());
  EXPECT_THAT(*store().metadata({.subject = "bafy"}), IsEmpty());
}

TEST_P(CollectionStoreConformance, OneIsKeptWithAllItsFields) {
  const Collection full = a_collection(1, "https://x.example/data.json");
  const auto put = store().put(full);
  ASSERT_TRUE(put.has_value()) << put.error().message;
  EXPECT_EQ(put->done, CollectionPutDone::made);
  EXPECT_EQ(put->collection, full);
  EXPECT_EQ(store().find(full.id), full);
  EXPECT_THAT(list(), ElementsAre(full));
}

TEST_P(CollectionStoreConformance, OneThatIsPutAgainIsChangedAsFarAsSomethingIsSaid) {
  ASSERT_TRUE(store().put(a_collection(1, "https://x.example/data.json")));
  Collection other = a_collection(2, "https://x.example/data.json");
  other.title = "Another";
  other.description = "";
  other.created_at = kNow + 5s;
  const auto put = store().put(other);
  ASSERT_TRUE(put.has_value());
  EXPECT_EQ(put->done, CollectionPutDone::changed);
  Collection expected = a_collection(1, "https://x.example/data.json");
  expected.title = "Another";
  expected.changed_at = kNow + 5s;
  EXPECT_EQ(put->collection, expected) << "by its URL, it is the same";
  other.id = id_of(1);
  other.url = "https://elsewhere.example";
  EXPECT_EQ(store().put(other)->collection, expected) << "by its id too, and its URL stays";
  EXPECT_THAT(list(), SizeIs(1));
}

TEST_P(CollectionStoreConformance, ManyMayHaveNoUrl) {
  ASSERT_TRUE(store().put(a_collection(1)));
  EXPECT_EQ(store().put(a_collection(2))->done, CollectionPutDone::made);
  EXPECT_THAT(list(), ElementsAre(a_collection(1), a_collection(2)));
}

TEST_P(CollectionStoreConformance, PagesGoByIdAndEndWhereTheyAreToEnd) {
  for (const std::uint8_t number : {3, 1, 2}) ASSERT_TRUE(store().put(a_collection(number)));
  EXPECT_THAT(*store().page({.limit = 2}), ElementsAre(a_collection(1), a_collection(2)));
  EXPECT_THAT(*store().page({.after = id_of(2), .limit = 2}), ElementsAre(a_collection(3)));
  EXPECT_THAT(*store().page({.after = id_of(3)}), IsEmpty());
}

TEST_P(CollectionStoreConformance, WhatNoStoreMayTakeIsRefused) {
  const auto code = [&](auto change) {
    Collection collection = a_collection(1);
    change(collection);
    return store().put(collection).error().code;
  };
  EXPECT_EQ(code([](Collection& c) { c.id = {}; }), Code::invalid_argument);
  EXPECT_EQ(code([](Collection& c) { c.url = "has blanks"; }), Code::invalid_argument);
  EXPECT_EQ(code([](Collection& c) { c.title = "\xff"; }), Code::invalid_argument);
  EXPECT_EQ(code([](Collection& c) { c.title = std::string(1, '\0'); }), Code::invalid_argument);
  EXPECT_EQ(code([](Collection& c) { c.creator.assign(65'537, 'a'); }), Code::invalid_argument);
  ASSERT_TRUE(store().put(a_collection(1)));
  for (const std::string& url : {std::string(), std::string("a\nb"), std::string(2001, 'a')}) {
    const CollectionItem items[] = {an_item("https://x.example"), an_item(url)};
    EXPECT_EQ(store().add_items(id_of(1), items).error().code, Code::invalid_argument) << url;
  }
  EXPECT_THAT(items_of(id_of(1)), IsEmpty()) << "all or none";
}

TEST_P(CollectionStoreConformance, ItemsAreKeptOnceInTheirOrder) {
  ASSERT_TRUE(store().put(a_collection(1)));
  const CollectionItem first[] = {an_item("z", "Z"), an_item("a"), an_item("z", "")};
  EXPECT_EQ(store().add_items(id_of(1), first), 2u);
  CollectionItem described = an_item("a", "A");
  described.description = "first letter";
  const CollectionItem second[] = {an_item("m"), described, an_item("z")};
  EXPECT_EQ(store().add_items(id_of(1), second), 1u);
  EXPECT_EQ(store().add_items(id_of(1), second), 0u);
  described.position = 2;
  CollectionItem z = an_item("z", "Z");
  z.position = 1;
  CollectionItem m = an_item("m");
  m.position = 3;
  EXPECT_THAT(items_of(id_of(1)), ElementsAre(z, described, m));
  EXPECT_THAT(*store().items({.collection = id_of(1), .after = 1, .limit = 1}),
              ElementsAre(described));
  EXPECT_EQ(store().add_items(id_of(2), first).error().code, Code::not_found);
  EXPECT_EQ(store().add_items(id_of(1), {}), 0u);
}

TEST_P(CollectionStoreConformance, AUrlAsLongAsMayBeIsKept) {
  ASSERT_TRUE(store().put(a_collection(1)));
  std::string url = "https://x.example/";
  for (std::size_t i = url.size(); i < kUrlBytesMax; ++i) {
    url += static_cast<char>('!' + i * 7919 % 94);  // little to compress
  }
  const CollectionItem items[] = {an_item(url)};
  ASSERT_EQ(store().add_items(id_of(1), items), 1u);
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = url, .fetch = a_fetch()}));
  EXPECT_THAT(*store().snapshots({.url = url}), SizeIs(1));
}

TEST_P(CollectionStoreConformance, WhatCameOfAnItemIsKeptWithAllItsFields) {
  ASSERT_TRUE(store().put(a_collection(1)));
  const CollectionItem items[] = {an_item(kUrl), an_item("b")};
  ASSERT_TRUE(store().add_items(id_of(1), items));
  const FetchNote note{.collection = id_of(1),
                       .url = kUrl,
                       .fetch = a_fetch(),
                       .took_ms = 7,
                       .metadata = {R"({"title":"A"})", R"({"title":"B"})"}};
  ASSERT_TRUE(store().note(note));
  ASSERT_TRUE(store().note(note)) << "said again";
  const auto kept = items_of(id_of(1));
  ASSERT_THAT(kept, SizeIs(2));
  EXPECT_EQ(kept[0].fetch, a_fetch());
  EXPECT_EQ(kept[1].fetch, UrlFetch{});
  EXPECT_THAT(*store().snapshots({.url = kUrl}),
              ElementsAre(Snapshot{.url = kUrl, .fetch = a_fetch(), .took_ms = 7}));
  const auto said = store().metadata({.subject = "bafy"});
  ASSERT_THAT(*said, SizeIs(2));
  EXPECT_LT((*said)[0].hash, (*said)[1].hash);
  EXPECT_EQ((*said)[0].at, kNow);
  EXPECT_EQ((*said)[0].hash, metadata_hash("bafy", kNow, (*said)[0].meta));
  EXPECT_THAT(*store().metadata({.subject = "bafy", .after = (*said)[0].hash}),
              ElementsAre((*said)[1]));
}

TEST_P(CollectionStoreConformance, OfOneContentNothingIsSaidTwice) {
  ASSERT_TRUE(store().put(a_collection(1)));
  const CollectionItem items[] = {an_item(kUrl)};
  ASSERT_TRUE(store().add_items(id_of(1), items));
  FetchNote note{.collection = id_of(1), .url = kUrl, .fetch = a_fetch()};
  note.metadata = {R"({"a":1,"b":2})"};
  ASSERT_TRUE(store().note(note));
  note.fetch = a_fetch(kNow + 1h);
  note.metadata = {R"({"b":2,"a":1})"};
  ASSERT_TRUE(store().note(note));
  EXPECT_THAT(*store().metadata({.subject = "bafy"}), SizeIs(1));
  EXPECT_THAT(*store().snapshots({.url = kUrl}), SizeIs(2));
  for (const char* meta : {"[]", "{", ""}) {
    note.metadata = {meta};
    EXPECT_EQ(store().note(note).error().code, Code::invalid_argument) << meta;
  }
}

TEST_P(CollectionStoreConformance, SnapshotsAreShownTheNewestFirst) {
  ASSERT_TRUE(store().put(a_collection(1)));
  const CollectionItem items[] = {an_item(kUrl)};
  ASSERT_TRUE(store().add_items(id_of(1), items));
  for (const auto later : {1h, 3h, 2h}) {
    ASSERT_TRUE(
        store().note({.collection = id_of(1), .url = kUrl, .fetch = a_fetch(kNow + later)}));
  }
  const auto times = [&](const SnapshotQuery& query) {
    const auto page = store().snapshots(query);
    EXPECT_TRUE(page.has_value());
    std::vector<Time> found;
    for (const Snapshot& snapshot : *page) found.push_back(snapshot.fetch.fetched_at);
    return found;
  };
  EXPECT_THAT(times({.url = kUrl, .limit = 2}), ElementsAre(kNow + 3h, kNow + 2h));
  EXPECT_THAT(times({.url = kUrl, .before = kNow + 2h}), ElementsAre(kNow + 1h));
}

TEST_P(CollectionStoreConformance, AFailureLeavesWhatWasThere) {
  ASSERT_TRUE(store().put(a_collection(1)));
  const CollectionItem items[] = {an_item(kUrl)};
  ASSERT_TRUE(store().add_items(id_of(1), items));
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = kUrl, .fetch = a_fetch()}));
  const UrlFetch failure = a_failure(kNow + 1h, FetchFailure::transient);
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = kUrl, .fetch = failure}));
  UrlFetch expected = a_fetch();
  expected.tried_at = kNow + 1h;
  expected.failure = FetchFailure::transient;
  expected.status = 404;
  expected.error = failure.error;
  EXPECT_EQ(items_of(id_of(1))[0].fetch, expected);
  EXPECT_THAT(*store().snapshots({.url = kUrl}), SizeIs(1));
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = kUrl, .fetch = a_fetch(kNow + 2h)}));
  EXPECT_EQ(items_of(id_of(1))[0].fetch, a_fetch(kNow + 2h));
}

TEST_P(CollectionStoreConformance, WhatIsOlderThanWhatIsKnownChangesNoItem) {
  ASSERT_TRUE(store().put(a_collection(1)));
  const CollectionItem items[] = {an_item(kUrl)};
  ASSERT_TRUE(store().add_items(id_of(1), items));
  const UrlFetch newer = a_fetch(kNow + 2h, "bafnew");
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = kUrl, .fetch = newer}));
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = kUrl, .fetch = a_fetch(kNow + 1h)}));
  EXPECT_EQ(items_of(id_of(1))[0].fetch, newer);
  EXPECT_THAT(*store().snapshots({.url = kUrl}), SizeIs(2)) << "it was there all the same";
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = kUrl, .fetch = a_failure(kNow + 1h)}));
  EXPECT_EQ(items_of(id_of(1))[0].fetch, newer) << "nor does an older failure";
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = kUrl, .fetch = a_failure(kNow + 3h)}));
  EXPECT_EQ(items_of(id_of(1))[0].fetch.failure, FetchFailure::permanent);
}

TEST_P(CollectionStoreConformance, WhatIsSaidOfOneIsChanged) {
  const Collection full = a_collection(1, "https://x.example/data.json");
  ASSERT_TRUE(store().put(full));
  Collection expected = full;
  expected.title = "";
  expected.changed_at = kNow + 1h;
  EXPECT_EQ(store().change({.id = full.id, .title = "", .at = kNow + 1h}), expected);
  EXPECT_EQ(store().find(full.id), expected);
  const auto stale =
      store().change({.id = full.id, .description = "x", .at = kNow + 2h, .expected = full});
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().code, Code::aborted);
  expected.description = "x";
  expected.creator = "bob";
  expected.changed_at = kNow + 2h;
  Collection read = *store().find(full.id);
  EXPECT_EQ(
      store().change(
          {.id = full.id, .description = "x", .creator = "bob", .at = kNow + 2h, .expected = read}),
      expected);
  EXPECT_EQ(store().change({.id = full.id, .title = "\xff"}).error().code, Code::invalid_argument);
  EXPECT_EQ(store().change({.id = full.id})->changed_at, kNow + 2h) << "times go one way";
  EXPECT_EQ(store().change({.id = id_of(2), .title = "x"}).error().code, Code::not_found);
}

TEST_P(CollectionStoreConformance, ItemsAreTakenOut) {
  for (const std::uint8_t number : {1, 2}) {
    ASSERT_TRUE(store().put(a_collection(number)));
    const CollectionItem items[] = {an_item("a"), an_item("b"), an_item("c")};
    ASSERT_TRUE(store().add_items(id_of(number), items));
  }
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = "b", .fetch = a_fetch()}));
  const std::string urls[] = {"b", "never", "b"};
  EXPECT_EQ(store().remove_items(id_of(1), urls), 1u);
  EXPECT_EQ(store().remove_items(id_of(1), urls), 0u);
  EXPECT_EQ(store().remove_items(id_of(1), {}), 0u);
  EXPECT_EQ(urls_of(items_of(id_of(1))), (std::vector<std::string>{"a", "c"}));
  EXPECT_THAT(items_of(id_of(2)), SizeIs(3));
  EXPECT_THAT(*store().snapshots({.url = "b"}), SizeIs(1)) << "a snapshot is of the URL";
  const CollectionItem again[] = {an_item("b")};
  EXPECT_EQ(store().add_items(id_of(1), again), 1u);
  const auto kept = items_of(id_of(1));
  EXPECT_EQ(kept.back().url, "b");
  EXPECT_EQ(kept.back().fetch, UrlFetch{});
  EXPECT_EQ(store().remove_items(id_of(3), urls).error().code, Code::not_found);
}

TEST_P(CollectionStoreConformance, WhatWasFetchedBeforeMakesNoSnapshot) {
  ASSERT_TRUE(store().put(a_collection(1)));
  const CollectionItem items[] = {an_item(kUrl)};
  ASSERT_TRUE(store().add_items(id_of(1), items));
  ASSERT_TRUE(
      store().note({.collection = id_of(1), .url = kUrl, .fetch = a_fetch(), .is_new = false}));
  EXPECT_EQ(items_of(id_of(1))[0].fetch, a_fetch());
  EXPECT_THAT(*store().snapshots({.url = kUrl}), IsEmpty());
}

TEST_P(CollectionStoreConformance, NothingIsNotedOfWhatIsNotThere) {
  FetchNote note{.collection = id_of(1), .url = kUrl, .fetch = a_fetch()};
  note.metadata = {R"({"a":1})"};
  EXPECT_EQ(store().note(note).error().code, Code::not_found);
  ASSERT_TRUE(store().put(a_collection(1)));
  EXPECT_EQ(store().note(note).error().code, Code::not_found);
  EXPECT_THAT(*store().snapshots({.url = kUrl}), IsEmpty());
  EXPECT_THAT(*store().metadata({.subject = "bafy"}), IsEmpty());
}

TEST_P(CollectionStoreConformance, AnIndexIsSetAndSetAnew) {
  ASSERT_TRUE(store().put(a_collection(1)));
  ASSERT_TRUE(store().set_index(id_of(1), "bafi", kNow + 1h));
  ASSERT_TRUE(store().set_index(id_of(1), "bafj", kNow + 2h));
  const auto kept = store().find(id_of(1));
  EXPECT_EQ(kept->index_cid, "bafj");
  EXPECT_EQ(kept->indexed_at, kNow + 2h);
  EXPECT_EQ(kept->changed_at, kNow + 2h);
  EXPECT_EQ(store().set_index(id_of(2), "bafi", kNow).error().code, Code::not_found);
}

TEST_P(CollectionStoreConformance, OneThatIsRemovedIsGoneWithItsItems) {
  for (const std::uint8_t number : {1, 2}) {
    ASSERT_TRUE(store().put(a_collection(number)));
    const CollectionItem items[] = {an_item(kUrl)};
    ASSERT_TRUE(store().add_items(id_of(number), items));
  }
  ASSERT_TRUE(store().note({.collection = id_of(1), .url = kUrl, .fetch = a_fetch()}));
  EXPECT_TRUE(store().remove(id_of(1)));
  EXPECT_EQ(store().remove(id_of(1)).error().code, Code::not_found);
  EXPECT_THAT(list(), ElementsAre(a_collection(2)));
  EXPECT_THAT(items_of(id_of(1)), IsEmpty());
  EXPECT_THAT(urls_of(items_of(id_of(2))), ElementsAre(kUrl));
  EXPECT_THAT(*store().snapshots({.url = kUrl}), SizeIs(1)) << "a snapshot is of the URL";
}

TEST_P(CollectionStoreConformance, ManyThreadsAddAndNote) {
  ASSERT_TRUE(store().put(a_collection(1)));
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      for (int n = 0; n < kEach; ++n) {
        const std::string own = std::to_string(thread) + "-" + std::to_string(n);
        const CollectionItem items[] = {an_item("same-" + std::to_string(n)), an_item(own)};
        EXPECT_TRUE(store().add_items(id_of(1), items));
        EXPECT_TRUE(store().note({.collection = id_of(1), .url = own, .fetch = a_fetch()}));
        EXPECT_TRUE(store().put(a_collection(static_cast<std::uint8_t>(10 + n), "u")));
      }
    });
  }
  threads.clear();
  const auto items = items_of(id_of(1));
  EXPECT_THAT(items, SizeIs((kThreads + 1) * kEach));
  std::int64_t position = 0;
  for (const CollectionItem& item : items) EXPECT_EQ(item.position, ++position);
  EXPECT_THAT(list(), SizeIs(2)) << "one URL is one collection";
}

}  // namespace
}  // namespace waybill
