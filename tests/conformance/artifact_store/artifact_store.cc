#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "base/digest.h"
#include "testing/fake_artifact_store.h"
#include "tests/conformance/artifact_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ArtifactStoreConformance);

using testing::IsEmpty;

std::string ArtifactStoreConformance::put(std::string_view bytes) {
  const auto content = store().put(FakeArtifactStore::file_of(bytes));
  EXPECT_TRUE(content) << content.error().message;
  if (!content) return {};
  EXPECT_EQ(content->size_bytes, static_cast<std::int64_t>(bytes.size()));
  return content->sha256;
}

std::string ArtifactStoreConformance::get(const std::string& sha256) {
  const auto file = store().open(sha256);
  EXPECT_TRUE(file) << file.error().message;
  return file ? FakeArtifactStore::bytes_of(*file) : "";
}

std::vector<KeptContent> ArtifactStoreConformance::all() {
  std::vector<KeptContent> contents;
  std::string cursor;
  do {
    const auto page = store().kept(cursor);
    EXPECT_TRUE(page) << page.error().message;
    if (!page) return contents;
    contents.insert(contents.end(), page->contents.begin(), page->contents.end());
    cursor = page->next_cursor;
  } while (!cursor.empty());
  return contents;
}

TEST_P(ArtifactStoreConformance, BeginsEmpty) {
  EXPECT_THAT(all(), IsEmpty());
  const std::string nothing = to_hex(sha256("abc"));
  EXPECT_EQ(store().open(nothing).error().code, Code::not_found);
  EXPECT_EQ(store().size_bytes(nothing).error().code, Code::not_found);
  EXPECT_TRUE(store().remove(nothing, kTimeMax));
}

TEST_P(ArtifactStoreConformance, WhatIsPutIsFoundByItsDigest) {
  const std::string any_bytes("\0\xff\n waybill", 11);
  for (const std::string& bytes : {std::string(), any_bytes, std::string(1 << 20, 'x')}) {
    const std::string digest = put(bytes);
    EXPECT_EQ(digest, to_hex(sha256(bytes)));
    EXPECT_EQ(get(digest), bytes);
    const auto size = store().size_bytes(digest);
    ASSERT_TRUE(size) << size.error().message;
    EXPECT_EQ(*size, static_cast<std::int64_t>(bytes.size()));
  }
  EXPECT_EQ(all().size(), 3u);
}

TEST_P(ArtifactStoreConformance, TheWholeFileIsPutWhereverItsPositionIs) {
  const FileDescriptor file = FakeArtifactStore::file_of("abc");
  ASSERT_EQ(::lseek(file.get(), 2, SEEK_SET), 2);
  const auto content = store().put(file);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->sha256, to_hex(sha256("abc")));
}

TEST_P(ArtifactStoreConformance, WhatIsOpenedBeginsAtItsBeginning) {
  const std::string digest = put("abc");
  const auto file = store().open(digest);
  ASSERT_TRUE(file);
  EXPECT_EQ(::lseek(file->get(), 0, SEEK_CUR), 0);
}

TEST_P(ArtifactStoreConformance, TheSameContentIsKeptOnceAndCountsAsPutNow) {
  const std::string first = put("abc");
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(put("abc"), first);
  const auto kept = all();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].content, (ArtifactContent{.sha256 = first, .size_bytes = 3}));
  EXPECT_EQ(kept[0].kept_at, clock_.now());
}

TEST_P(ArtifactStoreConformance, WhatIsRemovedIsGone) {
  const std::string gone = put("abc");
  const std::string stays = put("abd");
  ASSERT_TRUE(store().remove(gone, clock_.now()));
  EXPECT_EQ(store().open(gone).error().code, Code::not_found);
  EXPECT_EQ(get(stays), "abd");
  EXPECT_EQ(all().size(), 1u);
  EXPECT_EQ(put("abc"), gone);
  EXPECT_EQ(get(gone), "abc");
}

TEST_P(ArtifactStoreConformance, WhatWasPutSinceIsNotRemoved) {
  const Time before = clock_.now();
  clock_.advance(std::chrono::seconds(10));
  const std::string digest = put("abc");
  ASSERT_TRUE(store().remove(digest, before));
  EXPECT_EQ(get(digest), "abc");
}

TEST_P(ArtifactStoreConformance, WhatIsOpenOutlivesItsRemoval) {
  const std::string digest = put("abc");
  const auto file = store().open(digest);
  ASSERT_TRUE(file);
  ASSERT_TRUE(store().remove(digest, clock_.now()));
  EXPECT_EQ(FakeArtifactStore::bytes_of(*file), "abc");
}

TEST_P(ArtifactStoreConformance, PagesGiveEachContentOnce) {
  std::set<std::string> put_digests;
  for (int i = 0; i < 300; ++i) put_digests.insert(put(std::to_string(i)));
  std::multiset<std::string> found;
  for (const KeptContent& kept : all()) found.insert(kept.content.sha256);
  EXPECT_EQ(found, std::multiset<std::string>(put_digests.begin(), put_digests.end()));
}

TEST_P(ArtifactStoreConformance, OnlyItsOwnCursorsAreTaken) {
  const auto page = store().kept("../..");
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, Code::invalid_argument);
}

TEST_P(ArtifactStoreConformance, WhatIsNoDigestIsNotThere) {
  for (const char* name : {"", "..", "../../etc/passwd", "ab/cd", "zz"}) {
    EXPECT_EQ(store().open(name).error().code, Code::not_found) << name;
    EXPECT_EQ(store().size_bytes(name).error().code, Code::not_found) << name;
    EXPECT_TRUE(store().remove(name, kTimeMax)) << name;
  }
}

TEST_P(ArtifactStoreConformance, ItSaysWhoseItIs) {
  const auto nobody = store().owner();
  ASSERT_TRUE(nobody) << nobody.error().message;
  EXPECT_EQ(nobody->text, "");
  EXPECT_NE(nobody->place, "");
  ASSERT_TRUE(store().set_owner("first 1\n", SetOwner::if_absent));
  EXPECT_EQ(store().set_owner("second 1\n", SetOwner::if_absent).error().code,
            Code::already_exists);
  EXPECT_EQ(store().owner()->text, "first 1\n");
  ASSERT_TRUE(store().set_owner("first 2\n", SetOwner::replace));
  EXPECT_EQ(store().owner()->text, "first 2\n");
  EXPECT_THAT(all(), IsEmpty()) << "it is no content";
}

TEST_P(ArtifactStoreConformance, ManyMayPutTheSameAtOnce) {
  const std::string bytes(300'000, 'y');
  const std::string digest = to_hex(sha256(bytes));
  {
    std::vector<std::jthread> putters;
    for (int i = 0; i < 4; ++i) {
      putters.emplace_back([&] {
        for (int round = 0; round < 5; ++round) {
          EXPECT_EQ(put(bytes), digest);
          EXPECT_EQ(get(digest), bytes);
        }
      });
    }
  }
  EXPECT_EQ(all().size(), 1u);
}

TEST_P(ArtifactStoreConformance, ManyArePutTogetherInTheirOrder) {
  const std::string before = put("3");
  clock_.advance(std::chrono::hours(2));
  std::vector<ArtifactFile> files;
  for (int i = 0; i < 100; ++i) {
    files.push_back({.name = std::to_string(i), .media_type = "text/plain", .open = [i] {
                       return Result<FileDescriptor>(
                           FakeArtifactStore::file_of(std::to_string(i % 50)));
                     }});
  }
  const auto contents = store().put_all(files, {});
  ASSERT_TRUE(contents) << contents.error().message;
  ASSERT_EQ(contents->size(), 100u);
  for (int i = 0; i < 100; ++i) {
    const std::string bytes = std::to_string(i % 50);
    EXPECT_EQ((*contents)[static_cast<std::size_t>(i)],
              (ArtifactContent{.sha256 = to_hex(sha256(bytes)),
                               .size_bytes = static_cast<std::int64_t>(bytes.size())}));
    EXPECT_EQ(get(to_hex(sha256(bytes))), bytes);
  }
  const auto kept = all();
  EXPECT_EQ(kept.size(), 50u);
  for (const KeptContent& each : kept) {
    EXPECT_EQ(each.kept_at, clock_.now()) << "also " << before << ", which was there";
  }
}

TEST_P(ArtifactStoreConformance, OfManyOneThatCannotBeReadFailsTheCallAndNamesIt) {
  std::vector<ArtifactFile> files;
  for (int i = 0; i < 50; ++i) {
    files.push_back({.name = "file " + std::to_string(i),
                     .media_type = "text/plain",
                     .open = [i]() -> Result<FileDescriptor> {
                       if (i == 30) return fail(Code::permission_denied, "not for you");
                       return FakeArtifactStore::file_of(std::to_string(i));
                     }});
  }
  const auto contents = store().put_all(files, {});
  ASSERT_FALSE(contents);
  EXPECT_EQ(contents.error().code, Code::permission_denied);
  EXPECT_THAT(contents.error().message, testing::HasSubstr("\"file 30\""));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(store().put_all(files, stop.get_token()).error().code, Code::cancelled);
  EXPECT_TRUE(store().put_all({}, {})) << "none at all";
}

}  // namespace waybill
