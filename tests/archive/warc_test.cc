#include <gmock/gmock.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/digest.h"
#include "core/warc/cdxj.h"
#include "kinds/archive/warc/capture.h"
#include "kinds/archive/warc/store.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

/// A record as another program reads it.
struct ReadRecord {
  std::map<std::string, std::string> head;
  std::string block;
  std::size_t offset = 0;
  std::size_t length = 0;

  std::string field(const std::string& name) const {
    const auto found = head.find(name);
    return found == head.end() ? std::string() : found->second;
  }
};

ReadRecord read_record(const std::string& text) {
  ReadRecord record;
  const auto end = text.find("\r\n\r\n");
  EXPECT_TRUE(text.starts_with("WARC/1.1\r\n"));
  for (std::size_t at = 10; at < end;) {
    const auto line_end = text.find("\r\n", at);
    const auto colon = text.find(": ", at);
    record.head[text.substr(at, colon - at)] = text.substr(colon + 2, line_end - colon - 2);
    at = line_end + 2;
  }
  record.block = text.substr(end + 4, std::stoul(record.head["Content-Length"]));
  EXPECT_EQ(text.substr(end + 4 + record.block.size()), "\r\n\r\n");
  return record;
}

/// Each member of gzip is one record.
std::vector<ReadRecord> records_of(const std::string& warc) {
  std::vector<ReadRecord> records;
  std::size_t at = 0;
  while (at < warc.size()) {
    z_stream z{};
    EXPECT_EQ(inflateInit2(&z, 15 + 16), Z_OK);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(warc.data() + at));
    z.avail_in = static_cast<uInt>(warc.size() - at);
    std::string text;
    int end = Z_OK;
    while (end == Z_OK) {
      std::string room(1 << 16, '\0');
      z.next_out = reinterpret_cast<Bytef*>(room.data());
      z.avail_out = static_cast<uInt>(room.size());
      end = inflate(&z, Z_NO_FLUSH);
      text.append(room, 0, room.size() - z.avail_out);
    }
    const std::size_t used = warc.size() - at - z.avail_in;
    inflateEnd(&z);
    if (end != Z_STREAM_END) {
      ADD_FAILURE() << "a member does not end";
      break;
    }
    records.push_back(read_record(text));
    records.back().offset = at;
    records.back().length = used;
    at += used;
  }
  return records;
}

std::vector<CdxLine> lines_of_index(const std::string& text) {
  std::vector<CdxLine> lines;
  std::string last;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    EXPECT_LE(last, line);
    last = line;
    lines.push_back(parse_cdxj(line).value());
  }
  return lines;
}

class WarcTest : public ArchiveTest {
 protected:
  Outcome run(const std::string& params, TaskContext& context) {
    CaptureKind kind(&desk_);
    const Task task = task_of(params);
    const Status fits = kind.check(task.request);
    EXPECT_TRUE(fits) << fits.error().message;
    return kind.run(task, context);
  }
  /// With one URL after the other, in their order.
  std::string capture(const std::vector<std::string>& urls, const std::string& more = "") {
    std::string list;
    for (const std::string& url : urls) list += (list.empty() ? "\"" : ",\"") + url + "\"";
    return result(run(
        "{\"package\":\"warc\",\"concurrency\":1,\"urls\":[" + list + "]" + more + "}", context_));
  }
  std::string kept(const std::string& name) const {
    for (const auto& file : context_.kept_files) {
      if (file.name == name) return file.bytes;
    }
    ADD_FAILURE() << name << " was not kept";
    return {};
  }
  std::vector<ReadRecord> records() const { return records_of(kept("capture-00001.warc.gz")); }
  std::string capture_directory() const {
    return desk_.captures + "/" + to_string(task_of("{}").id());
  }
  static std::string digest(std::string_view bytes) { return "sha256:" + to_hex(sha256(bytes)); }
};

TEST_F(WarcTest, AnExchangeIsRecordedAsItWentOverTheWire) {
  TalkingServer server([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 Fine\r\ncontent-TYPE:text/HTML; x=y\r\nTransfer-Encoding: chunked\r\n"
        "Content-Encoding: gzip\r\n\r\n4\r\nnot \r\n6;x\r\npacked\r\n0\r\n\r\n");
  });
  const std::string said = capture({server.url() + "/a?b"});
  EXPECT_THAT(said, HasSubstr(R"("captured":1,"revisits":0,"truncated":0,"failed":0,"files":1)"));
  const auto all = records();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].field("WARC-Type"), "warcinfo");
  EXPECT_EQ(all[0].field("WARC-Filename"), "capture-00001.warc.gz");
  const ReadRecord& answer = all[1];
  EXPECT_EQ(answer.field("WARC-Type"), "response");
  EXPECT_EQ(answer.field("WARC-Target-URI"), server.url() + "/a?b");
  EXPECT_TRUE(answer.block.starts_with("HTTP/1.1 200 Fine\r\ncontent-TYPE:text/HTML; x=y\r\n"));
  EXPECT_THAT(answer.block, HasSubstr("\r\n\r\n4\r\nnot \r\n6;x\r\npacked\r\n0\r\n\r\n"));
  EXPECT_EQ(answer.field("WARC-Block-Digest"), digest(answer.block));
  EXPECT_EQ(answer.field("WARC-Payload-Digest"), digest("not packed"));
  const ReadRecord& asked = all[2];
  EXPECT_EQ(asked.field("WARC-Type"), "request");
  EXPECT_EQ(asked.field("WARC-Concurrent-To"), answer.field("WARC-Record-ID"));
  EXPECT_TRUE(asked.block.starts_with("GET /a?b HTTP/1.1\r\n")) << asked.block;
  EXPECT_TRUE(asked.block.ends_with("\r\n\r\n"));
  EXPECT_EQ(asked.field("WARC-Block-Digest"), digest(asked.block));
  const auto lines = lines_of_index(kept("capture.cdxj"));
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].mime, "text/html");
  EXPECT_EQ(static_cast<std::size_t>(lines[0].offset), answer.offset);
  EXPECT_EQ(static_cast<std::size_t>(lines[0].length), answer.length);
  EXPECT_THAT(context_.progress_reports.back(), HasSubstr(R"("done":1,"of":1,"unit":"urls")"));
  EXPECT_FALSE(std::filesystem::exists(capture_directory()));
}

TEST_F(WarcTest, WhatHasNotChangedIsARevisit) {
  HttpTestServer server([](const ReceivedRequest& request) {
    return ScriptedAnswer{.body = request.target == "/other" ? "other" : "same"};
  });
  EXPECT_THAT(capture({server.url() + "/1", server.url() + "/2"}), HasSubstr("\"revisits\":1"));
  const auto first = records();
  ASSERT_THAT(first, SizeIs(5));
  EXPECT_EQ(first[3].field("WARC-Type"), "revisit");
  EXPECT_EQ(first[3].field("WARC-Refers-To-Target-URI"), server.url() + "/1");
  EXPECT_EQ(first[3].field("WARC-Refers-To-Date"), first[1].field("WARC-Date"));
  EXPECT_EQ(first[3].field("WARC-Payload-Digest"), digest("same"));
  EXPECT_THAT(first[3].block, Not(HasSubstr("same")));
  // Against an index of before, and one whose line is itself a revisit.
  std::string index = kept("capture.cdxj");
  index = index.substr(
      index.find(")/2 ") == index.npos ? 0 : index.rfind('\n', index.find(")/2 ")) + 1);
  const std::string earlier = to_hex(sha256(index));
  context_.contents[earlier] = index;
  capture({server.url() + "/3", server.url() + "/other"}, R"(,"earlier":[")" + earlier + "\"]");
  const auto second = records();
  ASSERT_THAT(second, SizeIs(5));
  EXPECT_EQ(second[1].field("WARC-Type"), "revisit");
  EXPECT_EQ(second[1].field("WARC-Refers-To-Target-URI"), server.url() + "/1");
  EXPECT_EQ(second[1].field("WARC-Refers-To-Date"), first[1].field("WARC-Date"));
  EXPECT_EQ(second[3].field("WARC-Type"), "response");
}

TEST_F(WarcTest, FilesAreRolledBySize) {
  HttpTestServer server(
      [](const ReceivedRequest& request) { return ScriptedAnswer{.body = request.target}; });
  EXPECT_THAT(capture({server.url() + "/1", server.url() + "/2", server.url() + "/3"},
                      R"(,"file_bytes_max":"100B")"),
              HasSubstr("\"files\":3"));
  for (const char* name : {"capture-00001.warc.gz", "capture-00003.warc.gz"}) {
    const auto in_file = records_of(kept(name));
    ASSERT_THAT(in_file, SizeIs(3));
    EXPECT_EQ(in_file[0].field("WARC-Filename"), name);
  }
}

TEST_F(WarcTest, RedirectsAreRecordedAndFollowedButNotToWhereTheyMustNot) {
  CurlHttpClientParams params;
  params.may_connect = [](std::string_view, const IpAddress& address) {
    return to_string(address) == "127.0.0.1";
  };
  desk_.web = CurlHttpStreams::create(clock_, std::move(params)).value();
  HttpTestServer server([&](const ReceivedRequest& request) {
    const std::string port = std::string(request.header("host")).substr(10);
    if (request.target == "/end") return ScriptedAnswer{.body = "end"};
    const std::string to = request.target == "/out" ? "http://127.0.0.2:" + port + "/x" : "end";
    return ScriptedAnswer{.status = 302, .headers = {{"Location", to}}};
  });
  EXPECT_THAT(capture({server.url() + "/in", server.url() + "/out"}),
              HasSubstr(R"("captured":3,"revisits":0,"truncated":0,"failed":1)"));
  EXPECT_THAT(kept("capture.failures.jsonl"), HasSubstr("127.0.0.2, which is not allowed"));
}

TEST_F(WarcTest, WhatHasNoEndIsCutOffAndSaysSo) {
  TalkingServer endless([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\n\r\n");
    while (say(std::string(1 << 16, 'x'))) continue;
  });
  TalkingServer cut([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ");
  });
  TalkingServer bomb([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\n");
    while (say("X: " + std::string(1 << 10, 'x') + "\r\n")) continue;
  });
  const std::string said =
      capture({endless.url(), cut.url(), bomb.url()}, R"(,"url_bytes_max":"1MiB","tries":1)");
  EXPECT_THAT(said, HasSubstr(R"("captured":2,"revisits":0,"truncated":2,"failed":1)"));
  std::map<std::string, std::string> truncated;
  for (const ReadRecord& record : records()) {
    if (record.field("WARC-Type") != "response") continue;
    truncated[record.field("WARC-Truncated")] = record.block;
    EXPECT_EQ(record.field("WARC-Block-Digest"), digest(record.block));
  }
  EXPECT_EQ(truncated.at("length").size(), 19U + (1U << 20));
  EXPECT_TRUE(truncated.at("disconnect").ends_with("\r\n\r\nhalf "));
  EXPECT_THAT(kept("capture.failures.jsonl"), HasSubstr("headers"));
}

TEST_F(WarcTest, WhatIsSlowIsCutOffByTime) {
  TalkingServer slow([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\n\r\n");
    while (say("x")) std::this_thread::yield();
  });
  EXPECT_THAT(capture({slow.url()}, R"(,"url_time_max":"300ms")"), HasSubstr("\"truncated\":1"));
  EXPECT_EQ(records().at(1).field("WARC-Truncated"), "time");
}

TEST_F(WarcTest, AHostThatAsksToBeLeftAloneIsAskedAgain) {
  std::atomic<int> asked = 0;
  HttpTestServer server([&](const ReceivedRequest&) {
    if (++asked == 1) return ScriptedAnswer{.status = 503, .headers = {{"Retry-After", "1"}}};
    return ScriptedAnswer{.body = "now"};
  });
  EXPECT_THAT(capture({server.url() + "/a"}), HasSubstr("\"captured\":1"));
  EXPECT_THAT(records().at(1).block, HasSubstr("\r\n\r\nnow"));
  asked = 0;  // Without retries what it says is what there is.
  capture({server.url() + "/a"}, R"(,"retries_per_host":0)");
  EXPECT_TRUE(records().at(1).block.starts_with("HTTP/1.1 503"));
}

TEST_F(WarcTest, AStoppedCaptureIsClosedAndGoneOnWith) {
  RecordingContext first;
  std::atomic<int> asked = 0;
  HttpTestServer server([&](const ReceivedRequest& request) {
    if (++asked == 3) first.request_stop();
    return ScriptedAnswer{.body = request.target};
  });
  std::string urls;
  for (int i = 0; i < 10; ++i) {
    urls += (i == 0 ? "\"" : ",\"") + server.url() + "/" + std::to_string(i) + "\"";
  }
  const std::string params = R"({"package":"warc","concurrency":1,"urls":[)" + urls + "]}";
  const Outcome stopped = run(params, first);
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(stopped));
  EXPECT_THAT(std::get<outcome::Stopped>(stopped).proof, HasSubstr(capture_directory()));
  std::ifstream index(capture_directory() + "/capture.cdxj");
  const std::string closed(std::istreambuf_iterator<char>(index), {});
  const std::size_t before = lines_of_index(closed).size();
  EXPECT_GE(before, 2U);
  // As a crash would leave it: bytes that no journal line knows of, and half a line of it.
  std::ofstream(capture_directory() + "/capture-00001.warc.gz", std::ios::app) << "torn";
  std::ofstream(capture_directory() + "/journal", std::ios::app) << R"({"is":"rec)";
  const std::size_t asked_before = server.requests().size();
  EXPECT_THAT(result(run(params, context_)), HasSubstr("\"captured\":10"));
  EXPECT_LE(server.requests().size() - asked_before, 10 - before);
  EXPECT_THAT(records(), SizeIs(21));
  EXPECT_THAT(lines_of_index(kept("capture.cdxj")), SizeIs(10));
}

TEST_F(WarcTest, ACaptureThatWasKilledIsClosedByTheNextOne) {
  HttpTestServer server([](const ReceivedRequest&) { return ScriptedAnswer{.body = "x"}; });
  const std::string other = desk_.captures + "/0197a000-0000-7000-8000-000000000000";
  std::filesystem::create_directories(other);
  std::ofstream(other + "/capture-00001.warc.gz") << "12345torn";
  std::ofstream(other + "/journal") << R"({"is":"file","name":"capture-00001.warc.gz","end":5})"
                                    << "\n{\"is\"";
  capture({server.url() + "/a"});
  EXPECT_EQ(std::filesystem::file_size(other + "/capture-00001.warc.gz"), 5U);
  EXPECT_TRUE(std::filesystem::exists(other + "/capture.cdxj"));
}

// As where the disk is full when the next file is begun, while other threads go on.
TEST_F(WarcTest, AFileThatCannotBeBegunHoldsNoRecord) {
  const std::string directory = desk_.captures + "/rolled";
  int begun = 0;
  const auto open = [&] {
    return CaptureStore::open(
        {.directory = directory,
         .file_bytes_max = 12,
         .first_record =
             [&](const std::string&, Time, Spool& into) {
               if (++begun == 2) return Status(fail(Code::resource_exhausted, "the disk is full"));
               return into.append("first");
             }},
        desk_.clock);
  };
  Spool record(desk_.captures);
  ASSERT_TRUE(record.append("record"));
  const Spool none(desk_.captures);
  const auto add = [&](CaptureStore& store, const std::string& url) {
    return store.add({.indexed = record, .beside = none},
                     {.timestamp = "20260102030405", .url = url, .status = 200}, std::nullopt);
  };
  auto store = open();
  ASSERT_TRUE(store);
  ASSERT_TRUE(add(**store, "http://x/1"));
  EXPECT_FALSE(add(**store, "http://x/2"));
  EXPECT_TRUE(add(**store, "http://x/3"));
  ASSERT_TRUE((*store)->close());
  store->reset();
  store = open();
  ASSERT_TRUE(store) << store.error().message;
  const CaptureState state = (*store)->state();
  ASSERT_THAT(state.lines, SizeIs(2));
  EXPECT_EQ(state.lines.back().url, "http://x/3");
  EXPECT_EQ(state.lines.back().filename, "capture-00002.warc.gz");
  EXPECT_EQ(std::filesystem::file_size(directory + "/capture-00001.warc.gz"), 11U);
  EXPECT_EQ(std::filesystem::file_size(directory + "/capture-00002.warc.gz"), 11U);
}

TEST_F(WarcTest, AListWithBrokenLinesCostsOnlyThose) {
  HttpTestServer server(
      [](const ReceivedRequest& request) { return ScriptedAnswer{.body = request.target}; });
  const std::string list = "# a list\n\n" + server.url() + "/\xc3\xa9#part\r\nftp://x/\n" +
                           server.url() + "/b\nhttp://user:secret@127.0.0.1/\n";
  const std::string name = to_hex(sha256(list));
  context_.contents[name] = list;
  const std::string params = R"({"package":"warc","sha256":")" + name + "\"}";
  EXPECT_THAT(result(run(params, context_)), HasSubstr(R"("captured":2)"));
  EXPECT_THAT(kept("capture.cdxj"), HasSubstr("/%C3%A9\""));
  const std::string failures = kept("capture.failures.jsonl");
  EXPECT_EQ(std::ranges::count(failures, '\n'), 2);
}

TEST_F(WarcTest, APackageHoldsAllWithDigests) {
  HttpTestServer server([](const ReceivedRequest&) {
    return ScriptedAnswer{.headers = {{"Content-Type", "text/html"}}, .body = "<p>"};
  });
  result(run(R"({"name":"site","urls":[")" + server.url() + "/\"]}", context_));
  const std::string zip = kept("site.wacz");
  for (const char* name : {"archive/capture-00001.warc.gz", "indexes/index.cdx",
                           "pages/pages.jsonl", "datapackage.json", "datapackage-digest.json"}) {
    EXPECT_THAT(zip, HasSubstr(name));
  }
  EXPECT_THAT(zip, HasSubstr(digest(kept("site.cdxj"))));
  EXPECT_THAT(zip, HasSubstr(R"({"url":")" + server.url() + "/\",\"ts\":\""));
}

TEST_F(WarcTest, WithoutAnyAnswerItFails) {
  allow_loopback(false);
  EXPECT_THAT(
      failure(run(R"({"urls":["http://127.0.0.1:1/"]})", context_), FailureClass::permanent),
      HasSubstr("not allowed"));
  EXPECT_FALSE(std::filesystem::exists(capture_directory()));
}

TEST_F(WarcTest, WhatCanNeverRunIsRefused) {
  CaptureKind kind;
  for (const char* params :
       {R"({"urls":["ftp://x"]})", R"({"urls":["http://u:p@x/"]})", R"({"sha256":"x"})",
        R"({"urls":["http://x"],"delay":"-1s"})", R"({"urls":["http://x"],"tries":0})",
        R"({"urls":["http://x"],"file_bytes_max":"0"})", R"({"name":"x"})",
        R"({"urls":["http://x"],"name":"../x"})", R"({"urls":["http://x"],"earlier":["x"]})"}) {
    EXPECT_FALSE(kind.check(task_of(params).request)) << params;
  }
}

}  // namespace
}  // namespace waybill
