#include "base/digest.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(Digest, Sha256OfTheStandardsExample) {
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, Sha1OfTheStandardsExample) {
  EXPECT_EQ(to_hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Digest, Md5OfTheRfcsExample) {
  EXPECT_EQ(to_hex(md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Digest, HmacOfRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, HexHasTwoDigitsForEachByte) {
  EXPECT_EQ(to_hex(std::string_view("\x00\x0f\xff", 3)), "000fff");
  EXPECT_EQ(to_hex(""), "");
}

TEST(Digest, InPiecesItIsThatOfTheWhole) {
  Sha256 pieces;
  pieces.add("ab");
  pieces.add("");
  pieces.add("c");
  EXPECT_EQ(pieces.finish(), sha256("abc"));
}

TEST(Digest, HexadecimalDigitsAreReadAsTheyAreWritten) {
  const std::string bytes = sha256("abc");
  EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  for (const char* wrong : {"0", "0g", "AB", " 0"}) EXPECT_FALSE(from_hex(wrong)) << wrong;
}

}  // namespace
}  // namespace waybill
