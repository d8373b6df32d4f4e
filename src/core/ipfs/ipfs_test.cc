#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/ipfs/cid.h"
#include "core/ipfs/unixfs.h"

namespace waybill::ipfs {
namespace {

Tree file_of(std::string_view bytes, std::size_t piece = 1000, std::size_t chunk = kChunkBytes) {
  FileTree file(chunk);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    file.add(bytes.substr(0, piece));
  }
  return file.finish();
}

TEST(IpfsCid, TheEmptyFileHasTheNameThatEverybodyKnows) {
  EXPECT_EQ(to_string(file_of("").cid),
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  EXPECT_EQ(to_string(directory_tree({})->cid),
            "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354");
}

TEST(IpfsCid, AllFormsOfANameAreEqual) {
  // The empty directory, as every node names it.
  const auto zero = parse_cid("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn");
  const auto one = parse_cid("bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354");
  ASSERT_TRUE(zero && one);
  EXPECT_EQ(*zero, *one);
  EXPECT_EQ(to_string(*zero), to_string(*one));
}

TEST(IpfsCid, WhatIsWrittenIsReadAgain) {
  rc::check("cids", [](const std::string& bytes, bool raw) {
    const Cid cid = cid_of(raw ? Codec::raw : Codec::dag_pb, bytes);
    RC_ASSERT(parse_cid(to_string(cid)).value() == cid);
  });
}

TEST(IpfsCid, WhatIsNoNameIsRefused) {
  for (const char* text :
       {"", "b", "z", "Qm", "bafy", "hello", "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci",
        "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3N0",
        "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354a"}) {
    EXPECT_FALSE(parse_cid(text)) << text;
  }
}

TEST(UnixfsFile, HowItComesMakesNoDifference) {
  rc::check("pieces", [] {
    const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    const auto piece = *rc::gen::inRange<std::size_t>(1, 50);
    const auto chunk = *rc::gen::inRange<std::size_t>(1, 20);
    RC_ASSERT(file_of(bytes, piece, chunk) == file_of(bytes, bytes.size() + 1, chunk));
  });
}

TEST(UnixfsFile, SizesAreThoseOfTheContentAndOfAllBlocks) {
  const Tree one = file_of(std::string(10, 'x'), 3, 10);
  EXPECT_EQ(one.cid.codec, Codec::raw);
  EXPECT_EQ(one.tree_bytes, 10u);
  const Tree two = file_of(std::string(11, 'x'), 3, 10);
  EXPECT_EQ(two.cid.codec, Codec::dag_pb);
  EXPECT_EQ(two.content_bytes, 11u);
  EXPECT_GT(two.tree_bytes, 11u);
}

// One level more is made with the first link too many, not before.
TEST(UnixfsFile, LevelsBeginWhereLinksEnd) {
  const auto of_leaves = [](std::size_t leaves) { return file_of(std::string(leaves, 'x'), 7, 1); };
  const Tree full = of_leaves(kLinksMax);
  const Tree more = of_leaves(kLinksMax + 1);
  // One node that links to all, of 44 to 45 bytes each; with one more there are three nodes.
  EXPECT_LT(full.tree_bytes, kLinksMax * 55);
  EXPECT_GT(more.tree_bytes, full.tree_bytes + 2 * 40);
}

TEST(UnixfsDirectory, NamesAreSortedAndLargeOnesAreLeftOut) {
  const Tree file = file_of("x");
  EXPECT_EQ(directory_tree({{"b", file}, {"a", file}}), directory_tree({{"a", file}, {"b", file}}));
  EXPECT_NE(directory_tree({{"a", file}}), directory_tree({{"b", file}}));
  std::vector<DirectoryEntry> many(1001, DirectoryEntry{"x", file});
  EXPECT_FALSE(directory_tree(many));
  const std::vector<DirectoryEntry> large(300, DirectoryEntry{std::string(1000, 'n'), file});
  EXPECT_FALSE(directory_tree(large));
}

}  // namespace
}  // namespace waybill::ipfs
