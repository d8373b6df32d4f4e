#include "adapters/file/object_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace waybill {
namespace {

using namespace std::string_literals;

/// The key that a path stands for, part by part.
std::string key_of_path(const std::string& path) {
  std::string key;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t slash = path.find('/', begin);
    const auto part = part_of_name(path.substr(begin, slash - begin));
    EXPECT_TRUE(part) << path;
    key += part.value_or("?");
    if (slash == std::string::npos) return key;
    key += '/';
    begin = slash + 1;
  }
}

TEST(ObjectKey, ThatIsAPathLiesAtThatPath) {
  for (const std::string key :
       {"a", "a/b.batch.avro", ".hidden", "with space", "50%25", "\xff\xfe"}) {
    EXPECT_EQ(path_of_key(key), key);
  }
}

TEST(ObjectKey, ThatNoFileCanHaveIsEscapedAndReadBack) {
  for (const std::string& key :
       {"a/"s, "/a"s, "a//b"s, "/"s, "."s, ".."s, "../../etc/passwd"s, "a/../b"s, "a/./b"s, "x\0y"s,
        "x\0%00"s, ".waybill-new-1-1"s, ".waybill-"s, "a/.waybill-key-b"s}) {
    const Result<std::string> path = path_of_key(key);
    ASSERT_TRUE(path) << key;
    EXPECT_EQ(key_of_path(*path), key);
    EXPECT_EQ(path->find('\0'), std::string::npos);
    EXPECT_EQ(("/" + *path + "/").find("/../"), std::string::npos) << *path;
    EXPECT_EQ(("/" + *path + "/").find("//"), std::string::npos) << *path;
  }
}

TEST(ObjectKey, IsRefusedWhereItCannotBeAFile) {
  EXPECT_EQ(path_of_key("").error().code, Code::invalid_argument);
  EXPECT_TRUE(path_of_key(std::string(255, 'x')));
  EXPECT_EQ(path_of_key("a/" + std::string(256, 'x')).error().code, Code::invalid_argument);
  std::string deep;
  while (deep.size() < kKeyBytesMax) deep += "ab/";
  EXPECT_TRUE(path_of_key(deep.substr(0, kKeyBytesMax)));
  EXPECT_EQ(path_of_key(deep).error().code, Code::invalid_argument);
}

TEST(ObjectKey, ReservedNamesThatNobodyWroteStandForNothing) {
  for (const char* name : {".waybill-new-12-3", ".waybill-", ".waybill-key", ".waybill-key-plain",
                           ".waybill-key-%41", ".waybill-lock"}) {
    EXPECT_EQ(part_of_name(name), std::nullopt) << name;
  }
  EXPECT_EQ(part_of_name(".waybill-key-"), "");
  EXPECT_EQ(part_of_name(".waybill-key-.."), "..");
}

TEST(ObjectKey, PrefixEndsBeforeTheNextKeyThatDoesNotBeginWithIt) {
  EXPECT_EQ(after_prefix("ab"), "ac");
  EXPECT_EQ(after_prefix("a/"), "a0");
  EXPECT_EQ(after_prefix("a\xff\xff"), "b");
  EXPECT_EQ(after_prefix("\xff"), "");
  EXPECT_EQ(after_prefix(""), "");
}

}  // namespace
}  // namespace waybill
