#include "adapters/file/key_walk.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace waybill {
namespace {

/// Directories in memory, made of the keys in them; notes which are read.
class Tree {
 public:
  explicit Tree(std::set<std::string> keys) : keys_(std::move(keys)) {}

  KeyWalk::ReadDirectory reader() {
    return [this](const std::string& prefix, const KeyRange&) -> Result<DirectoryKeys> {
      read_.push_back(prefix);
      std::set<std::string> names;
      for (const std::string& key : keys_) {
        if (!key.starts_with(prefix)) continue;
        const std::string rest = key.substr(prefix.size());
        names.insert(rest.substr(0, rest.find('/')) +
                     (rest.find('/') == std::string::npos ? "" : "/"));
      }
      DirectoryKeys keys;
      // Backwards, as no file system promises an order.
      for (auto name = names.rbegin(); name != names.rend(); ++name) keys.add(*name);
      return keys;
    };
  }

  const std::vector<std::string>& directories_read() const { return read_; }

 private:
  const std::set<std::string> keys_;
  std::vector<std::string> read_;
};

std::vector<std::string> walk_all(KeyWalk& walk) {
  std::vector<std::string> names;
  for (auto found = walk.next(); found && *found; found = walk.next()) {
    names.push_back(((*found)->folded ? "folded " : "") + (*found)->name);
  }
  return names;
}

/// What a walk should give, by the words of KeyWalk and KeyRange alone.
std::vector<std::string> expected(const std::set<std::string>& keys,
                                  const KeyWalk::Params& params) {
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    if (!key.starts_with(params.prefix) || key < params.range.from) continue;
    if (!params.range.to.empty() && key >= params.range.to) continue;
    const std::size_t found = params.delimiter.empty()
                                  ? std::string::npos
                                  : key.find(params.delimiter, params.prefix.size());
    std::string name = key;
    if (found != std::string::npos) {
      name = "folded " + key.substr(0, found + params.delimiter.size());
    }
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

TEST(KeyWalk, GoesInByteOrderOfWholeKeysNotOfDirectoryEntries) {
  const std::set<std::string> keys = {"a-b/x", "a.c", "a/1", "a/b/2", "a0", "a", "b"};
  // "a" and "a/1" cannot both lie in a file system, but the walk could not tell.
  Tree tree(keys);
  KeyWalk walk({}, tree.reader());
  EXPECT_EQ(walk_all(walk),
            (std::vector<std::string>{"a", "a-b/x", "a.c", "a/1", "a/b/2", "a0", "b"}));
}

TEST(KeyWalk, ReadsNoDirectoryOutsideItsRange) {
  const std::set<std::string> keys = {"x/2020/10/30/a", "x/2020/10/31/b", "x/2020/11/01/c",
                                      "x/2021/01/01/d", "y/2020/10/31/e"};
  Tree tree(keys);
  KeyWalk walk({.prefix = "x/", .range = {.from = "x/2020/10/31/", .to = "x/2020/11/"}},
               tree.reader());
  EXPECT_EQ(walk_all(walk), (std::vector<std::string>{"x/2020/10/31/b"}));
  EXPECT_EQ(tree.directories_read(),
            (std::vector<std::string>{"x/", "x/2020/", "x/2020/10/", "x/2020/10/31/"}));
}

TEST(KeyWalk, BeginsAtTheDirectoryOfItsPrefix) {
  Tree tree({"a/b/c-1/x", "a/b/c-2/y", "a/b/d/z"});
  KeyWalk walk({.prefix = "a/b/c"}, tree.reader());
  EXPECT_EQ(walk_all(walk), (std::vector<std::string>{"a/b/c-1/x", "a/b/c-2/y"}));
  EXPECT_EQ(tree.directories_read(), (std::vector<std::string>{"a/b/", "a/b/c-1/", "a/b/c-2/"}));
}

TEST(KeyWalk, LooksForOneKeyOnlyInWhatItFolds) {
  Tree tree({"a/1/x", "a/2/y", "a/3/z", "b/1/x", "top"});
  KeyWalk walk({.delimiter = "/"}, tree.reader());
  EXPECT_EQ(walk_all(walk), (std::vector<std::string>{"folded a/", "folded b/", "top"}));
  EXPECT_EQ(tree.directories_read(), (std::vector<std::string>{"", "a/", "a/1/", "b/", "b/1/"}));
}

TEST(KeyWalk, PassesOnWhatReadingADirectoryMet) {
  KeyWalk walk({}, [](const std::string&, const KeyRange&) -> Result<DirectoryKeys> {
    return fail(Code::permission_denied, "no");
  });
  const auto found = walk.next();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::permission_denied);
}

/// A reader that refuses some directories.
KeyWalk::ReadDirectory without(std::set<std::string> refused, KeyWalk::ReadDirectory reader) {
  return [=](const std::string& prefix, const KeyRange& range) -> Result<DirectoryKeys> {
    if (refused.contains(prefix)) return fail(Code::permission_denied, "no " + prefix);
    return reader(prefix, range);
  };
}

TEST(KeyWalk, LeavesOutWhatNobodyMayReadWhereItsKeysAreFoldedAnyway) {
  Tree tree({"a/1999/x", "a/2020/y", "b/1/x", "c/1/x", "lost+found/x"});
  KeyWalk walk({.delimiter = "/"},
               without({"a/1999/", "b/", "c/1/", "lost+found/"}, tree.reader()));
  EXPECT_EQ(walk_all(walk), (std::vector<std::string>{"folded a/", "folded b/", "folded c/"}))
      << "b/ and c/1/ may hold keys";
  EXPECT_EQ(walk.take_unreadable(),
            (std::vector<std::string>{"no a/1999/", "no b/", "no c/1/", "no lost+found/"}));
  EXPECT_TRUE(walk.take_unreadable().empty());
}

TEST(KeyWalk, FailsWhereNobodyMayReadTheKeysThatAreListed) {
  Tree tree({"a/1999/x", "a/2020/y"});
  KeyWalk all({.prefix = "a/"}, without({"a/1999/"}, tree.reader()));
  EXPECT_FALSE(all.next());
  KeyWalk later({.prefix = "a/", .range = {.from = "a/2020", .to = "a/2021"}},
                without({"a/1999/"}, tree.reader()));
  EXPECT_EQ(walk_all(later), (std::vector<std::string>{"a/2020/y"}));
}

/// Short strings of few letters that sort around '/', so that ranges and folds meet.
rc::Gen<std::string> some_key() {
  return rc::gen::resize(
      6, rc::gen::container<std::string>(rc::gen::element('-', '/', '/', '0', 'a', '\xff')));
}

RC_GTEST_PROP(KeyWalk, GivesWhatASortedListOfTheKeysWouldGive, ()) {
  auto keys = *rc::gen::container<std::set<std::string>>(some_key());
  keys.erase("");
  const KeyWalk::Params params = {.prefix = *some_key(),
                                  .delimiter = *rc::gen::element<std::string>("", "/", "-", "a/"),
                                  .range = {.from = *some_key(), .to = *some_key()}};
  Tree tree(keys);
  KeyWalk walk(params, tree.reader());
  RC_ASSERT(walk_all(walk) == expected(keys, params));
}

RC_GTEST_PROP(KeyWalk, GoesOnFromItsPositionAsIfItHadNeverStopped, ()) {
  auto keys = *rc::gen::container<std::set<std::string>>(some_key());
  keys.erase("");
  const KeyWalk::Params params = {.prefix = *some_key(),
                                  .delimiter = *rc::gen::element<std::string>("", "/")};
  std::vector<std::string> names;
  KeyWalk::Params rest = params;
  for (;;) {
    Tree tree(keys);
    KeyWalk walk(rest, tree.reader());
    const auto found = walk.next();
    RC_ASSERT(found);
    if (!*found) break;
    names.push_back(((*found)->folded ? "folded " : "") + (*found)->name);
    rest.range.from = walk.position();
    if (rest.range.from.empty()) break;
  }
  RC_ASSERT(names == expected(keys, params));
}

}  // namespace
}  // namespace waybill
