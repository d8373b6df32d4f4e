#include "kinds/archive/ipfs/addwarc.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>

#include "base/digest.h"
#include "kinds/archive/warc/capture.h"
#include "tests/archive/collect_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string gzip(const std::string& text) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - z.avail_out);
  deflateEnd(&z);
  return packed;
}

struct RecordText {
  std::string type;
  std::string url;
  std::string block;
  std::string more{};
  std::string media_type = "application/http; msgtype=response";
};
std::string text_of(const RecordText& record) {
  return "WARC/1.0\r\nWARC-Type: " + record.type + "\r\nWARC-Target-URI: " + record.url +
         "\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: " + record.media_type + "\r\n" +
         record.more + "Content-Length: " + std::to_string(record.block.size()) + "\r\n\r\n" +
         record.block + "\r\n\r\n";
}
std::string ok(const std::string& body, const std::string& fields = "Content-Type: text/html\r\n") {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}
const std::string kInfo = text_of({.type = "warcinfo", .url = "x:y", .block = "software: s\r\n"});

class AddWarcTest : public CollectTest {
 protected:
  std::string keep_artifact(const std::string& bytes) {
    const std::string digest = to_hex(sha256(bytes));
    context_.contents[digest] = bytes;
    return digest;
  }
  Outcome run(const std::string& warc, const std::string& more = "",
              const std::string& spec = "{}") {
    return kind_.run(task_of(R"({"sha256":")" + keep_artifact(warc) + "\"" + more + "}", spec),
                     context_);
  }
  /// Captures two pages, and gives the file of that kind which it leaves.
  std::string captured(const std::string& package, std::string_view ending) {
    CaptureKind capture(&desk_);
    const Outcome outcome =
        capture.run(task_of(R"({"urls":[")" + web_.url() + "/a\",\"" + web_.url() +
                            R"(/b"],"package":")" + package + "\"}"),
                    context_);
    EXPECT_TRUE(std::holds_alternative<outcome::Succeeded>(outcome)) << result(outcome);
    const auto file = std::ranges::find_if(
        context_.kept_files, [&](const auto& kept) { return kept.name.ends_with(ending); });
    EXPECT_NE(file, context_.kept_files.end());
    return file == context_.kept_files.end() ? "" : file->bytes;
  }
  std::size_t adds() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        node_.requests(),
        [](const ReceivedRequest& request) { return request.target.starts_with("/api/v0/add?"); }));
  }
  std::string index() const { return context_.kept_files.at(0).bytes; }
  std::string cid_in(const bj::object& said, const char* name) {
    return std::string(said.at(name).get_string());
  }
  IpfsAddWarcKind kind_{&desk_};
};

TEST_F(AddWarcTest, AnswersGoToTheNodeWithAnIndexThatIpwbReads) {
  const std::string digest = "WARC-Payload-Digest: sha1:AAAA\r\n";
  const std::string chunked = ok("5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
                                 "Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n");
  const std::string warc =
      gzip(kInfo) +
      gzip(text_of({.type = "response",
                    .url = "http://www.b.example/p?q=1",
                    .block = chunked,
                    .more = digest})) +
      gzip(text_of(
          {.type = "request", .url = "http://www.b.example/p", .block = "GET / HTTP/1.1"})) +
      gzip(text_of({.type = "response",
                    .url = "<https://a.example/>",
                    .block = "HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n"})) +
      gzip(text_of(
          {.type = "revisit", .url = "http://c.example/same", .block = ok(""), .more = digest})) +
      gzip(text_of({.type = "response",
                    .url = "dns:a.example",
                    .block = "1.2.3.4",
                    .media_type = "text/dns"})) +
      gzip(text_of({.type = "resource",
                    .url = "http://d.example/f.txt",
                    .block = "as it is",
                    .media_type = "text/plain"}));
  const bj::object said = done(run(warc));
  EXPECT_EQ(said.at("records"), 7);
  EXPECT_EQ(said.at("archived"), 4);
  EXPECT_EQ(said.at("left_out"), 1);
  EXPECT_EQ(said.at("failed"), 0);
  EXPECT_TRUE(said.at("damage").is_null());
  const std::string page = cid_of("hello world");
  const std::string head = cid_of("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
  EXPECT_EQ(content(page), "hello world") << "without chunks";
  EXPECT_EQ(
      index(),
      "!context [\"https://tools.ietf.org/html/rfc7089\"]\n"
      "!meta {\"generator\": \"Waybill\"}\n"
      "example,a)/ 20260102030405 {\"locator\":\"urn:ipfs/" +
          cid_of("HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n") + "/" + cid_of("") +
          "\",\"status_code\":\"301\",\"mime_type\":\"\",\"original_uri\":\"https://a.example/\"}\n"
          "example,b)/p?q=1 20260102030405 {\"locator\":\"urn:ipfs/" +
          head + "/" + page +
          "\",\"status_code\":\"200\",\"mime_type\":\"text/html\","
          "\"original_uri\":\"http://www.b.example/p?q=1\"}\n"
          "example,c)/same 20260102030405 {\"locator\":\"urn:ipfs/" +
          head + "/" + page +
          "\",\"status_code\":\"200\",\"mime_type\":\"text/html\","
          "\"original_uri\":\"http://c.example/same\"}\n"
          "example,d)/f.txt 20260102030405 {\"locator\":\"urn:ipfs/" +
          cid_of("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\n") + "/" +
          cid_of("as it is") +
          "\",\"status_code\":\"200\",\"mime_type\":\"text/plain\","
          "\"original_uri\":\"http://d.example/f.txt\"}\n");
  EXPECT_EQ(content(cid_in(said, "index_cid")), index());
  EXPECT_EQ(content(cid_in(said, "cid")), warc) << "the file itself too";
  EXPECT_EQ(context_.kept_files.at(0).name, "index.cdxj");
  EXPECT_THAT(context_.progress_reports.front(), HasSubstr("loading WARC"));
  EXPECT_THAT(context_.progress_reports, Contains(HasSubstr("writing index to IPFS")));
  EXPECT_THAT(context_.progress_reports.back(), HasSubstr(R"("done":true)"));
}

TEST_F(AddWarcTest, AFileThatIsNotPackedIsReadToo) {
  const std::string warc =
      kInfo + text_of({.type = "response", .url = "http://a.example/", .block = ok("plain")}) +
      text_of({.type = "response",
               .url = "http://b.example/",
               // Undone by the writer, who kept the field.
               .block = ok("no chunks here", "Transfer-Encoding: chunked\r\n")});
  const bj::object said = done(run(warc, R"(,"whole":false,"name":"mine","pin":false)"));
  EXPECT_EQ(said.at("archived"), 2);
  EXPECT_FALSE(said.contains("cid"));
  EXPECT_EQ(content(cid_of("no chunks here")), "no chunks here");
  EXPECT_EQ(context_.kept_files.at(0).name, "mine.cdxj");
  EXPECT_THAT(node_.requests().at(0).target, HasSubstr("pin=false"));
}

TEST_F(AddWarcTest, WhatACaptureLeavesIsRead) {
  const bj::object said = done(run(captured("warc", ".warc.gz")));
  EXPECT_EQ(said.at("archived"), 2) << json::serialize(said);
  EXPECT_EQ(said.at("failed"), 0);
  EXPECT_EQ(content(cid_of("content of /a")), "content of /a");
}

TEST_F(AddWarcTest, APackageOfACaptureIsReadToo) {
  const std::string wacz = captured("wacz", ".wacz");
  const bj::object said = done(run(wacz));
  EXPECT_EQ(said.at("archived"), 2) << json::serialize(said);
  EXPECT_EQ(said.at("failed"), 0);
  EXPECT_TRUE(said.at("damage").is_null());
  EXPECT_EQ(content(cid_of("content of /b")), "content of /b");
  EXPECT_EQ(content(cid_in(said, "cid")), wacz);
  // Cut off at any place it is no package, and nothing worse.
  for (std::size_t size = 4; size < wacz.size(); size += 1 + wacz.size() / 100) {
    EXPECT_THAT(failure(run(wacz.substr(0, size)), FailureClass::permanent),
                HasSubstr("no WACZ package"));
  }
}

/// A ZIP file of one member, as APPNOTE has it; `method` 8 is deflated.
std::string zip_of(const std::string& name, const std::string& content, char method = 0) {
  const auto number = [](std::uint64_t value, int bytes) {
    std::string out;
    for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xff);
    return out;
  };
  const std::string sizes = number(content.size(), 4) + number(content.size(), 4);
  const std::string head = number(20, 2) + number(0, 2) + method + number(0, 1) + number(0, 8) +
                           sizes + number(name.size(), 2) + number(0, 2);
  const std::string member = "PK\3\4" + head + name + content;
  const std::string entry = "PK\1\2" + number(20, 2) + head + number(0, 10) + number(0, 4) + name;
  return member + entry + "PK\5\6" + number(0, 4) + number(1, 2) + number(1, 2) +
         number(entry.size(), 4) + number(member.size(), 4) + number(0, 2);
}

TEST_F(AddWarcTest, WhatIsNoPackageIsSaid) {
  const std::string warc =
      text_of({.type = "response", .url = "http://a.example/", .block = ok("page")});
  const bj::object said = done(run(zip_of("archive/data.warc", warc)));
  EXPECT_EQ(said.at("archived"), 1) << "the test's packages are right";
  const auto refused = [&](const std::string& zip) {
    return failure(run(zip), FailureClass::permanent);
  };
  EXPECT_THAT(refused(zip_of("archive/data.warc", warc, 8)), HasSubstr("packed once more"));
  EXPECT_THAT(refused(zip_of("data.warc", warc)), HasSubstr("no WARC file below archive/"));
  EXPECT_THAT(refused(zip_of("archive/data.warc", "no warc at all\n")), HasSubstr("no WARC file"));
  std::string beyond = zip_of("archive/data.warc", warc);
  beyond.replace(beyond.size() - 6, 4, "\x7f\x7f\x7f\x7f");  // where its directory is
  EXPECT_THAT(refused(beyond), HasSubstr("not in it"));
}

TEST_F(AddWarcTest, ThereIsABoundOnRecordsAndOnWhatIsNoted) {
  std::string warc;
  for (int i = 0; i < 5; ++i) {
    warc += text_of({.type = "response",
                     .url = "http://a.example/" + std::to_string(i),
                     .block = ok("page " + std::to_string(i))});
  }
  const auto refused = [&](const WarcBounds& bounds) {
    IpfsAddWarcKind kind(&desk_, bounds);
    return failure(kind.run(task_of(R"({"sha256":")" + keep_artifact(warc) + "\"}"), context_),
                   FailureClass::permanent);
  };
  EXPECT_THAT(refused({.records_max = 4}), HasSubstr("more than 4 records: split it"));
  EXPECT_THAT(refused({.notes_bytes_max = 1000}), HasSubstr("split the file"));
  EXPECT_EQ(done(run(warc)).at("archived"), 5);
}

TEST_F(AddWarcTest, WhatIsDamagedIsSaidAndWhatIsWholeIsArchived) {
  const std::string first =
      gzip(text_of({.type = "response", .url = "http://a.example/", .block = ok("first")}));
  const std::string second =
      gzip(text_of({.type = "response", .url = "http://b.example/", .block = ok("second")}));
  const bj::object cut = done(run(first + second.substr(0, second.size() / 2)));
  EXPECT_EQ(cut.at("archived"), 1);
  EXPECT_THAT(std::string(cut.at("damage").get_string()), HasSubstr("in the middle"));
  EXPECT_THAT(index(), AllOf(HasSubstr("a.example"), Not(HasSubstr("b.example"))));
  const bj::object junk = done(run(first + "junk that follows\n"));
  EXPECT_THAT(std::string(junk.at("damage").get_string()), StartsWith("after 1 records "));
  EXPECT_THAT(failure(run("no warc at all\n"), FailureClass::permanent), HasSubstr("no WARC file"));
  EXPECT_THAT(failure(run(""), FailureClass::permanent), HasSubstr("no WARC file"));
  EXPECT_THAT(failure(run("WARC/1.0\r\nWARC-Type: response\r\n\r\n"), FailureClass::permanent),
              HasSubstr("how long it is"));
}

TEST_F(AddWarcTest, OneBrokenRecordIsNoFailureOfTheOthers) {
  const std::string warc =
      gzip(text_of({.type = "response", .url = "http://a.example/", .block = "not of HTTP"})) +
      gzip(text_of({.type = "response",
                    .url = "http://b.example/",
                    .block = ok("changed"),
                    .more = "WARC-Block-Digest: sha256:" + std::string(64, '0') + "\r\n"})) +
      gzip(text_of({.type = "revisit",
                    .url = "http://c.example/",
                    .block = ok(""),
                    .more = "WARC-Payload-Digest: sha1:ELSEWHERE\r\n"})) +
      gzip(text_of({.type = "response",
                    .url = "http://d.example/",
                    .block = ok(std::string(std::size_t{20} << 20, '0'))})) +
      gzip(text_of({.type = "response", .url = "http://e.example/", .block = ok("fine")}));
  EXPECT_LT(warc.size(), 100'000u) << "what is too large is packed";
  const bj::object said = done(run(warc, "", R"({"limits":{"artifacts":"1MiB"}})"));
  EXPECT_EQ(said.at("archived"), 1);
  EXPECT_EQ(said.at("failed"), 4);
  EXPECT_THAT(json::serialize(said.at("failures")),
              AllOf(HasSubstr("no answer of HTTP"), HasSubstr("another digest"),
                    HasSubstr("not in this file"), HasSubstr("more than the limit")));
}

TEST_F(AddWarcTest, AnotherAttemptGoesOnWhereTheNodeWentAway) {
  std::string warc;
  for (int i = 0; i < 20; ++i) {
    warc += gzip(text_of({.type = "response",
                          .url = "http://a.example/" + std::to_string(i),
                          .block = ok("page " + std::to_string(i))}));
  }
  gate_ = 21;  // ten records, and a head
  EXPECT_THAT(failure(run(warc), FailureClass::transient), HasSubstr("to ipfs"));
  gate_ = 1'000;
  const std::size_t before = adds();
  const bj::object said = done(run(warc));
  EXPECT_EQ(said.at("archived"), 20);
  EXPECT_EQ(adds() - before, 20u + 2u) << "ten records, the index and the file";
  EXPECT_THAT(std::ranges::count(index(), '\n'), 22);
  EXPECT_TRUE(std::filesystem::is_empty(desk_.downloads.directory)) << "nothing is left behind";
}

TEST_F(AddWarcTest, ItComesFromAUrlToo) {
  const std::string warc =
      gzip(text_of({.type = "response", .url = "http://a.example/", .block = ok("page")}));
  answer_ = [warc](const ReceivedRequest&) { return ScriptedAnswer{.body = warc}; };
  const std::string url = R"({"url":")" + web_.url() + "/x.warc.gz\"";
  EXPECT_EQ(done(kind_.run(task_of(url + "}"), context_)).at("archived"), 1);
  EXPECT_THAT(
      failure(kind_.run(task_of(url + R"(,"sha256":")" + std::string(64, '0') + "\"}"), context_),
              FailureClass::transient),
      HasSubstr("SHA-256"));
  allow_loopback(false);
  failure(kind_.run(task_of(url + "}"), context_), FailureClass::permanent);
}

TEST_F(AddWarcTest, AStopEndsItAndItsTimeToo) {
  const std::string warc =
      gzip(text_of({.type = "response", .url = "http://a.example/", .block = ok("page")}));
  context_.end_at = clock_.steady_now();
  EXPECT_THAT(failure(run(warc), FailureClass::transient), HasSubstr("the time is over"));
  context_.end_at = kSteadyTimeMax;
  context_.request_stop();
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(run(warc)));
}

TEST_F(AddWarcTest, WhatCannotRunIsSaid) {
  EXPECT_THAT(failure(kind_.run(task_of(R"({"name":"x"})"), context_), FailureClass::permanent),
              HasSubstr("/sha256: which artifact is not said"));
  EXPECT_THAT(failure(kind_.run(task_of(R"({"sha256":"12"})"), context_), FailureClass::permanent),
              HasSubstr("/sha256"));
  desk_.ipfs_api = "";
  EXPECT_THAT(failure(run("x"), FailureClass::permanent), HasSubstr("no ipfs server url provided"));
}

}  // namespace
}  // namespace waybill
