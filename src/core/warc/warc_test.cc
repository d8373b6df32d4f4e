#include <gtest/gtest.h>

#include "core/warc/cdxj.h"
#include "core/warc/chunked.h"
#include "core/warc/record.h"
#include "core/warc/surt.h"

namespace waybill {
namespace {

TEST(SurtTest, KeysAreAsOthersMakeThem) {
  EXPECT_EQ(surt_of_url("http://www.Example.org/A?c=2&b=1#x"), "org,example)/a?b=1&c=2");
  EXPECT_EQ(surt_of_url("https://example.org"), "org,example)/");
  EXPECT_EQ(surt_of_url("https://www2.example.co.uk:8443/"), "uk,co,example:8443)/");
  EXPECT_EQ(surt_of_url("http://user:secret@example.org:80/x"), "org,example)/x");
  EXPECT_EQ(surt_of_url("http://127.0.0.1:81/a?x"), "1,0,0,127:81)/a?x");
  EXPECT_EQ(surt_of_url("http://[::1]:8080/"), "[::1]:8080)/");
  EXPECT_EQ(surt_of_url("http://example.org?q"), "org,example)/?q");
  EXPECT_EQ(surt_of_url("http://www.org/"), "org)/");
  EXPECT_EQ(surt_of_url("urn:x"), "urn:x");
}

std::string undone(std::string_view body, std::size_t piece, bool& is_whole) {
  ChunkedReader reader;
  std::string content;
  for (std::size_t at = 0; at < body.size(); at += piece) {
    reader.add(body.substr(at, piece), [&](std::string_view bytes) { content += bytes; });
  }
  is_whole = reader.is_whole();
  return content;
}

TEST(ChunkedReaderTest, WhateverThePiecesTheContentIsTheSame) {
  const std::string body =
      "4;name=v\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nT: v\r\n\r\n";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    bool is_whole = false;
    EXPECT_EQ(undone(body, piece, is_whole), "Wikipedia in \r\n\r\nchunks.") << piece;
    EXPECT_TRUE(is_whole);
  }
}

TEST(ChunkedReaderTest, WhatIsOutOfShapeEndsIt) {
  for (const auto& [body, content] : {std::pair<std::string, std::string>{"zz\r\nabc\r\n", ""},
                                      {"3\r\nabcX\r\n0\r\n\r\n", "abc"},
                                      {"ffffffffffffffffff\r\nabc", ""},
                                      {"5\r\nab", "ab"},
                                      {std::string(100'000, '1'), ""}}) {
    bool is_whole = true;
    EXPECT_EQ(undone(body, 7, is_whole), content);
    EXPECT_FALSE(is_whole);
  }
}

TEST(WarcRecordTest, AHeadHasItsFieldsInOrder) {
  const std::string text = warc_head_text({.type = "response",
                                           .id = "0197",
                                           .date = from_micros(1'764'295'200'999'999),
                                           .content_type = "application/http; msgtype=response",
                                           .content_length = 12,
                                           .fields = {{"WARC-Target-URI", "http://x/\r\ny: z"}}});
  EXPECT_EQ(text,
            "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:0197>\r\n"
            "WARC-Date: 2025-11-28T02:00:00Z\r\nWARC-Target-URI: http://x/  y: z\r\n"
            "Content-Type: application/http; msgtype=response\r\nContent-Length: 12\r\n\r\n");
  EXPECT_EQ(cdx_timestamp(from_micros(1'764'295'200'999'999)), "20251128020000");
}

TEST(CdxjTest, WhatIsWrittenIsReadAgain) {
  const CdxLine line{.timestamp = "20251128020000",
                     .url = "http://example.org/\"é",
                     .mime = std::string(kRevisitMime),
                     .status = 200,
                     .digest = "sha256:00",
                     .length = 12,
                     .offset = 5'000'000'000,
                     .filename = "a-00001.warc.gz",
                     .original_url = "http://example.org/old",
                     .original_timestamp = "20200101000000"};
  const std::string text = cdxj_text(line);
  EXPECT_TRUE(text.starts_with("org,example)/\"é 20251128020000 {\"url\":")) << text;
  EXPECT_EQ(parse_cdxj(text), line);
}

TEST(CdxjTest, NumbersMayBeNumbersAndHeadersAreNone) {
  const auto line = parse_cdxj(R"(org,x)/ 20200101000000 {"url":"http://x.org/","status":200})");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->status, 200);
  for (const char* text : {"", "!meta {}", "org,x)/ 2020 {}", "org,x)/ 20200101000000 {", "x"}) {
    EXPECT_FALSE(parse_cdxj(text)) << text;
  }
}

}  // namespace
}  // namespace waybill
