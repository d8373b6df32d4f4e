#include "http/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace waybill::http {
namespace {

std::string unpacked(const std::string& packed, std::size_t size) {
  std::string text(size, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  inflateEnd(&stream);
  return text;
}

TEST(Gzip, IsUnpackedToWhatItWas) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i * i) + ",";
  const std::string packed = gzip(text);
  EXPECT_LT(packed.size(), text.size() / 2);
  EXPECT_EQ(unpacked(packed, text.size()), text);
  EXPECT_EQ(unpacked(gzip(""), 0), "");
}

TEST(Gzip, IsSentOnlyToWhoTakesIt) {
  for (const char* header : {"gzip", "deflate, gzip", "GZIP;q=0.5", "*", "br;q=1.0, *;q=0.1",
                             "x-gzip", "gzip;q=1, *;q=0"}) {
    EXPECT_TRUE(takes_gzip(header)) << header;
  }
  for (const char* header :
       {"", "identity", "deflate", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "agzip"}) {
    EXPECT_FALSE(takes_gzip(header)) << header;
  }
}

TEST(Gzip, AnotherCodingHasToBeNamed) {
  EXPECT_TRUE(takes_coding("gzip, deflate, BR", "br"));
  EXPECT_TRUE(takes_coding("br;q=0.5", "br"));
  for (const char* header : {"", "gzip", "*", "br;q=0", "brotli"}) {
    EXPECT_FALSE(takes_coding(header, "br")) << header;
  }
}

}  // namespace
}  // namespace waybill::http
