#include "kinds/archive/fetch/metalink.h"

#include <gmock/gmock.h>

#include "base/digest.h"
#include "kinds/archive/fetch/fetch.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kContent = "hello world";

std::string digest_of(const std::string& content) {
  return "<hash type=\"sha-256\">" + to_hex(sha256(content)) + "</hash>";
}
std::string mirror(const std::string& url, int priority = 1) {
  return "<url priority=\"" + std::to_string(priority) + "\">" + url + "</url>";
}
std::string file(const std::string& name, const std::string& inside) {
  return "<file name=\"" + name + "\">" + inside + "</file>";
}
std::string metalink(const std::string& files) {
  return "<?xml version=\"1.0\"?><metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">" + files +
         "</metalink>";
}

TEST(MetalinkTest, OfVersion4TheBestMirrorIsFirst) {
  const auto read = read_metalink(
      metalink(file("a.zim", "<size> 5 </size><hash type=\"md5\">x</hash>" + digest_of("hello") +
                                 "<pieces length=\"1\" type=\"sha-256\"><hash>00</hash></pieces>"
                                 "<metaurl mediatype=\"torrent\">http://t.example/t</metaurl>"
                                 "<url>http://last.example/a</url>" +
                                 mirror("http://two.example/a", 2) + mirror("ftp://f.example/a") +
                                 mirror(" https://one.example/a\n") + mirror("file:///etc/passwd") +
                                 mirror("http://two.example/a", 7))),
      "other.zim");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "a.zim");
  EXPECT_EQ(read->size_bytes, 5);
  EXPECT_EQ(read->sha256, to_hex(sha256("hello")));
  EXPECT_THAT(read->urls, ElementsAre("https://one.example/a", "http://two.example/a",
                                      "http://last.example/a"));
}

TEST(MetalinkTest, OfVersion3TheMostPreferredIsFirst) {
  const auto read = read_metalink(
      "<metalink version=\"3.0\" xmlns=\"http://www.metalinker.org/\"><files>" +
          file("a.zim",
               "<size>5</size><verification><hash type=\"sha256\">" + to_hex(sha256("hello")) +
                   "</hash><pieces type=\"sha256\"><hash type=\"sha256\">00</hash></pieces>"
                   "</verification><resources>"
                   "<url type=\"http\">http://last.example/a</url>"
                   "<url type=\"http\" preference=\"10\">http://two.example/a</url>"
                   "<url type=\"bittorrent\" preference=\"100\">http://t.example/t</url>"
                   "<url type=\"http\" preference=\"100\">http://one.example/a</url>"
                   "</resources>") +
          "</files></metalink>",
      "");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->size_bytes, 5);
  EXPECT_EQ(read->sha256, to_hex(sha256("hello")));
  EXPECT_THAT(read->urls,
              ElementsAre("http://one.example/a", "http://two.example/a", "http://last.example/a"));
}

TEST(MetalinkTest, OfSeveralFilesThatOfTheNameIsTaken) {
  const std::string two = metalink(file("a", "<size>1</size>") + file("b", "<size>2</size>"));
  EXPECT_EQ(read_metalink(two, "b")->size_bytes, 2);
  EXPECT_THAT(read_metalink(two, "").error().message, HasSubstr("2 files; say with name"));
  EXPECT_THAT(read_metalink(two, "c").error().message, HasSubstr("none of the name c"));
  EXPECT_THAT(read_metalink(metalink(file("a", "") + file("a", "")), "a").error().message,
              HasSubstr("2 files of the name a"));
}

TEST(MetalinkTest, ManyMirrorsAreTheBestOnes) {
  std::string all;
  for (int i = 1'000; i > 0; --i) all += mirror("http://m" + std::to_string(i) + ".example/", i);
  const auto read = read_metalink(metalink(file("a", all)), "");
  ASSERT_THAT(read->urls, SizeIs(kMetalinkMirrorsMax));
  EXPECT_EQ(read->urls.front(), "http://m1.example/");
  EXPECT_EQ(read->urls.back(), "http://m20.example/");
}

TEST(MetalinkTest, WhatIsNoneOrMeansNoGoodIsRefused) {
  std::string deep = "<metalink>";
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (int i = 0; i < 100; ++i) deep += "</a>";
  const std::pair<std::string, std::string> refusals[] = {
      {"", "no XML"},
      {"not here", "no XML"},
      {"<metalink>", "no XML"},
      {"<feed/>", "no metalink: its first element is <feed>"},
      {metalink(""), "it has no file"},
      {"<!DOCTYPE metalink [<!ENTITY a \"b\">]>" + metalink(file("a", "")), "document type"},
      {deep + "</metalink>", "nested deeper"},
      {metalink(file("../a", "")), "has a path"},
      {metalink(file("/etc/passwd", "")), "has a path"},
      {metalink(file("..", "")), "its file's name"},
      {metalink(file("a&#10;b", "")), "its file's name"},
      {metalink(file("a\\b", "")), "its file's name"},
      {metalink("<file/>"), "its file's name"},
      {metalink(file("a", "<size>-1</size>")), "no number of bytes"},
      {metalink(file("a", "<size>99999999999999999999</size>")), "no number of bytes"},
      {metalink(file("a", "<hash type=\"sha-256\">abc</hash>")), "its SHA-256"},
      {metalink(file("a", digest_of("a") + digest_of("b"))), "two different digests"}};
  for (const auto& [text, why] : refusals) {
    const auto read = read_metalink(text, "");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::failed_precondition) << text;
    EXPECT_THAT(read.error().message, HasSubstr(why)) << text;
  }
}

/// A server of a metalink, and of what its mirrors have.
class MetalinkFetchTest : public ArchiveTest {
 protected:
  Outcome get(const std::string& more = "", const std::string& spec = "{}") {
    FetchKind kind(&desk_);
    const Task task = task_of(R"({"metalink":")" + server_.url() + "/a.meta4\"" + more + "}", spec);
    EXPECT_TRUE(kind.check(task.request));
    return kind.run(task, context_);
  }
  std::string url(const std::string& path) const { return server_.url() + path; }
  std::string refused(const std::string& more = "") {
    return failure(get(more), FailureClass::permanent);
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> targets;
    for (const ReceivedRequest& request : server_.requests()) targets.push_back(request.target);
    return targets;
  }

  std::string text_;
  HttpTestServer server_{[this](const ReceivedRequest& request) {
    if (request.target == "/a.meta4") {
      return ScriptedAnswer{.headers = {{"Content-Type", "application/metalink4+xml"}},
                            .body = text_};
    }
    if (request.target == "/gone") return ScriptedAnswer{.status = 404};
    if (request.target == "/other") return ScriptedAnswer{.body = "hallo world"};
    if (request.target == "/short") return ScriptedAnswer{.body = "hello"};
    if (request.target == "/endless") {
      return ScriptedAnswer{.body = std::string(100'000, 'x'), .chunked = true};
    }
    if (request.target == "/stub") return ScriptedAnswer{.body = "hello", .chunked = true};
    return ScriptedAnswer{.body = kContent};
  }};
};

TEST_F(MetalinkFetchTest, MirrorsAreAskedByPriorityAndCheckedByItsDigest) {
  text_ = metalink(file("hello.txt", "<size>11</size>" + digest_of(kContent) +
                                         mirror(url("/good"), 6) + mirror(url("/stub"), 5) +
                                         mirror(url("/endless"), 4) + mirror(url("/short"), 3) +
                                         mirror(url("/other"), 2) + mirror(url("/gone"), 1)));
  const std::string said = result(get());
  EXPECT_THAT(said, AllOf(HasSubstr(R"("checked":["metalink"])"), HasSubstr(url("/good"))));
  EXPECT_THAT(asked(),
              ElementsAre("/a.meta4", "/gone", "/other", "/short", "/endless", "/stub", "/good"));
  ASSERT_THAT(context_.kept_files, SizeIs(1));
  EXPECT_EQ(context_.kept_files[0].name, "hello.txt");
  EXPECT_EQ(context_.kept_files[0].bytes, kContent);
}

TEST_F(MetalinkFetchTest, TheOrdersOwnUrlIsFirstAndItsNameStays) {
  text_ = metalink(file("b", mirror(url("/b"))) +
                   file("own", digest_of(kContent) + mirror(url("/mirror"))));
  EXPECT_THAT(result(get(R"(,"url":")" + url("/own") + "\"")),
              HasSubstr(R"("checked":["metalink"])"));
  EXPECT_THAT(asked(), ElementsAre("/a.meta4", "/own"));
  EXPECT_EQ(context_.kept_files.at(0).name, "own");
  EXPECT_THAT(result(get(R"(,"name":"dir/own","sha256":")" + to_hex(sha256(kContent)) + "\"")),
              HasSubstr(R"("checked":["sha256","metalink"])"));
  EXPECT_EQ(context_.kept_files.at(0).name, "dir/own");
}

TEST_F(MetalinkFetchTest, WhatNoMirrorHasIsNotKept) {
  text_ = metalink(file("a", "<size>11</size>" + digest_of(kContent) + mirror(url("/other"))));
  EXPECT_THAT(failure(get(), FailureClass::transient), HasSubstr("but by metalink it is "));
  text_ = metalink(file("a", "<size>11</size>" + mirror(url("/endless"))));
  EXPECT_THAT(failure(get(), FailureClass::transient),
              HasSubstr("has more bytes, but by the metalink 11"));
  text_ = metalink(file("a", "<size>11</size>" + mirror(url("/stub"))));
  EXPECT_THAT(failure(get(), FailureClass::transient),
              HasSubstr("has 5 bytes, but by the metalink 11"));
  EXPECT_THAT(context_.kept_files, IsEmpty());
}

TEST_F(MetalinkFetchTest, WhatCannotBeFollowedFailsForGood) {
  text_ = metalink(file("a", mirror("ftp://x.example/a")));
  EXPECT_THAT(refused(), AllOf(HasSubstr("/a.meta4"), HasSubstr("no mirror that can be asked")));
  text_ = metalink(file("a", digest_of(kContent) + mirror(url("/a"))));
  EXPECT_THAT(refused(R"(,"sha256":")" + std::string(64, '0') + "\""), HasSubstr("but by sha256"));
  text_ = metalink(file("a", "<size>2147483648</size>" + mirror(url("/a"))));
  EXPECT_THAT(refused(), HasSubstr("more than the limit of 1GiB"));
  text_ = std::string(5 << 20, ' ');
  EXPECT_THAT(refused(), HasSubstr("the metalink has more than 4MiB"));
  text_ = "<html>";
  EXPECT_THAT(refused(), HasSubstr("/a.meta4: it is no XML"));
  EXPECT_THAT(asked(), Not(::testing::Contains("/a")));
}

TEST_F(MetalinkFetchTest, NeitherItNorItsMirrorsLeadToWhatIsPrivate) {
  text_ = metalink(file("a", mirror(url("/a"))));
  allow_loopback(false);
  EXPECT_THAT(refused(), HasSubstr("the metalink"));
  EXPECT_THAT(asked(), IsEmpty());
  CurlHttpClientParams params;
  params.may_connect = [](std::string_view url, const IpAddress& address) {
    return url.ends_with(".meta4") || is_public(address);
  };
  desk_.web = CurlHttpStreams::create(clock_, std::move(params)).value();
  EXPECT_THAT(refused(), HasSubstr("--fetch-networks"));
  EXPECT_THAT(asked(), ElementsAre("/a.meta4"));
}

TEST(MetalinkCheck, RefusesWhatCanNeverRun) {
  const FetchKind kind;
  const auto refused = [&](const std::string& params) {
    const Status status = kind.check(a_task(1).params(params).build());
    return status ? std::string("(taken)") : status.error().message;
  };
  EXPECT_EQ(refused(R"({"metalink":"https://x.example/a.meta4"})"), "(taken)");
  EXPECT_THAT(refused(R"({"metalink":"ftp://x/a"})"), HasSubstr("/metalink: "));
  EXPECT_THAT(refused(R"({"metalink":"http://x/a","sha256_url":"http://x/b"})"),
              HasSubstr("/sha256_url: the metalink says the digest"));
}

}  // namespace
}  // namespace waybill
