#include "kinds/archive/fetch/fetch.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "base/base64.h"
#include "base/digest.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class FetchTest : public ArchiveTest {
 protected:
  Outcome run(const std::string& params, const std::string& spec = "{}") {
    FetchKind kind(&desk_);
    const Task task = task_of(params, spec);
    EXPECT_TRUE(kind.check(task.request));
    return kind.run(task, context_);
  }
  Outcome get(const std::string& url, const std::string& more = "") {
    return run(R"({"url":")" + url + "\"" + more + "}");
  }
  bool leaves_nothing() const {
    std::error_code none;
    return std::filesystem::is_empty(desk_.downloads.directory, none) || none;
  }
};

/// Serves `content` with a validator and ranges, cutting each answer but the last after `piece`.
HttpTestServer::Script pieces_of(const std::string& content, std::size_t piece,
                                 std::string etag = "\"v1\"") {
  return [=](const ReceivedRequest& request) {
    std::size_t from = 0;
    if (request.has_header("range"))
      from = std::stoul(std::string(request.header("range").substr(6)));
    if (from >= content.size()) return ScriptedAnswer{.status = 416};
    const bool is_last = content.size() - from <= piece;
    ScriptedAnswer answer{.status = from > 0 ? 206 : 200, .headers = {{"ETag", etag}}};
    if (from > 0) {
      answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(from) + "-" +
                                                       std::to_string(content.size() - 1) + "/" +
                                                       std::to_string(content.size()));
    }
    answer.body = content.substr(from);
    if (!is_last) answer.cut = Cut::in_body;
    return answer;
  };
}

std::string some_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

TEST_F(FetchTest, AFileBecomesAnArtifact) {
  HttpTestServer server([](const ReceivedRequest&) {
    return ScriptedAnswer{.headers = {{"Content-Type", "text/csv"}, {"ETag", "\"e\""}},
                          .body = "a,b\n"};
  });
  const std::string said = result(get(server.url() + "/data/rows.csv?x=1"));
  ASSERT_THAT(context_.kept_files, SizeIs(1));
  EXPECT_EQ(context_.kept_files[0].name, "rows.csv");
  EXPECT_EQ(context_.kept_files[0].media_type, "text/csv");
  EXPECT_EQ(context_.kept_files[0].bytes, "a,b\n");
  EXPECT_THAT(said, HasSubstr(R"("sha256":")" + to_hex(sha256("a,b\n"))));
  EXPECT_THAT(said, HasSubstr(R"("size_bytes":4)"));
  EXPECT_THAT(said, HasSubstr(R"("checked":[])"));
  EXPECT_THAT(said, Not(HasSubstr("x=1")));
  EXPECT_EQ(server.requests()[0].header("accept-encoding"), "identity");
  EXPECT_THAT(context_.progress_reports.back(), HasSubstr(R"("done":4,"of":4,"unit":"bytes")"));
  EXPECT_TRUE(leaves_nothing());
}

TEST_F(FetchTest, WhereTheConnectionIsCutItGoesOn) {
  const std::string content = some_bytes(900'000);
  HttpTestServer server(pieces_of(content, 200'000));
  EXPECT_THAT(result(get(server.url() + "/x.bin")), HasSubstr(to_hex(sha256(content))));
  EXPECT_EQ(context_.kept_files.at(0).bytes, content);
  ASSERT_THAT(server.requests(), SizeIs(testing::Gt(2)));
  EXPECT_EQ(server.requests()[1].header("if-range"), "\"v1\"");
  EXPECT_EQ(server.requests()[1].header("range"), "bytes=450000-");
}

TEST_F(FetchTest, AServerThatAlwaysBeginsAnewIsGivenUp) {
  const std::string content = some_bytes(1 << 20);
  std::atomic<int> asked = 0;
  HttpTestServer server([&](const ReceivedRequest&) {  // it has a validator, and heeds no range
    ++asked;
    return ScriptedAnswer{.headers = {{"ETag", "\"v1\""}}, .body = content, .cut = Cut::in_body};
  });
  failure(get(server.url() + "/dump"), FailureClass::transient);
  EXPECT_LE(asked, 5);
}

TEST_F(FetchTest, AnotherAttemptGoesOnWhereOneEnded) {
  const std::string content = some_bytes(100'000);
  std::atomic<bool> heals = false;
  HttpTestServer server([&](const ReceivedRequest& request) {
    if (!heals && request.has_header("range")) return ScriptedAnswer{.status = 503};
    return pieces_of(content, heals ? content.size() : 1)(request);
  });
  const std::string url = server.url() + "/x.bin";
  EXPECT_THAT(failure(get(url), FailureClass::transient), HasSubstr("503"));
  EXPECT_FALSE(leaves_nothing());
  heals = true;
  EXPECT_THAT(result(get(url)), HasSubstr(to_hex(sha256(content))));
  EXPECT_EQ(server.requests().back().header("range"), "bytes=50000-");
  EXPECT_THAT(context_.logged(LogStream::system), HasSubstr("going on after"));
}

TEST_F(FetchTest, WhatHasChangedInBetweenIsFetchedAnew) {
  std::atomic<int> count = 0;
  HttpTestServer server([&](const ReceivedRequest&) {
    const bool first = count++ == 0;
    return ScriptedAnswer{.headers = {{"ETag", first ? "\"old\"" : "\"new\""}},
                          .body = std::string(80'000, first ? 'o' : 'n'),
                          .cut = first ? Cut::in_body : Cut::nowhere};
  });
  result(get(server.url() + "/x"));
  EXPECT_EQ(context_.kept_files.at(0).bytes, std::string(80'000, 'n'));
}

TEST_F(FetchTest, DigestsAreChecked) {
  const std::string right = to_hex(sha256("hello"));
  const std::string field = to_base64(sha256("hello"));
  HttpTestServer server([&](const ReceivedRequest& request) {
    if (request.target == "/x.sha256") return ScriptedAnswer{.body = right + "  x\n"};
    if (request.target == "/bad") {
      return ScriptedAnswer{.headers = {{"Repr-Digest", "sha-256=:" + field + ":"}},
                            .body = "hallo"};
    }
    return ScriptedAnswer{.headers = {{"Digest", "SHA-256=" + field}}, .body = "hello"};
  });
  const std::string url = server.url();
  EXPECT_THAT(result(get(url + "/x", R"(,"sha256":")" + right + "\"")),
              HasSubstr(R"("checked":["sha256","digest"])"));
  EXPECT_THAT(result(get(url + "/x", R"(,"sha256_url":")" + url + "/x.sha256\"")),
              HasSubstr(R"("checked":["sha256_url","digest"])"));
  const std::string wrong(64, '0');
  EXPECT_THAT(failure(get(url + "/x", R"(,"Checksum":")" + wrong + "\""), FailureClass::transient),
              HasSubstr("by sha256 it is " + wrong));
  EXPECT_THAT(failure(get(url + "/bad"), FailureClass::transient), HasSubstr("repr-digest"));
}

TEST_F(FetchTest, MirrorsAreAskedInTurnAndGoOnWithOneAnother) {
  const std::string content = some_bytes(200'000);
  HttpTestServer broken([&](const ReceivedRequest& request) {
    if (request.has_header("range")) return ScriptedAnswer{.status = 500};
    return ScriptedAnswer{.body = content, .cut = Cut::in_body};
  });
  HttpTestServer whole(pieces_of(content, content.size()));
  const std::string mirrors =
      R"(,"mirrors":[")" + whole.url() + R"(/m"],"sha256":")" + to_hex(sha256(content)) + "\"";
  EXPECT_THAT(result(get(broken.url() + "/x", mirrors)), HasSubstr(whole.url()));
  EXPECT_EQ(context_.kept_files.at(0).bytes, content);
  EXPECT_EQ(whole.requests()[0].header("range"), "bytes=100000-");
  EXPECT_FALSE(whole.requests()[0].has_header("if-range"));
}

TEST_F(FetchTest, WhatIsStillTheSameIsNotFetched) {
  HttpTestServer server([](const ReceivedRequest& request) {
    return ScriptedAnswer{.status = request.header("if-none-match") == "\"e\"" ? 304 : 200};
  });
  EXPECT_THAT(result(get(server.url(), R"(,"if_none_match":"\"e\"")")),
              HasSubstr(R"("not_modified":true)"));
  EXPECT_THAT(context_.kept_files, SizeIs(0));
}

TEST_F(FetchTest, RedirectsAreFollowedToABound) {
  HttpTestServer server([](const ReceivedRequest& request) {
    if (request.target == "/end") return ScriptedAnswer{.body = "there"};
    if (request.target == "/file") {
      return ScriptedAnswer{.status = 302, .headers = {{"Location", "file:///etc/passwd"}}};
    }
    const std::string next = request.target == "/loop" ? "/loop" : "end";
    return ScriptedAnswer{.status = 302, .headers = {{"Location", next}}};
  });
  EXPECT_THAT(result(get(server.url() + "/start")), HasSubstr("/end"));
  EXPECT_EQ(context_.kept_files.at(0).name, "start");
  EXPECT_THAT(failure(get(server.url() + "/loop"), FailureClass::permanent),
              HasSubstr("redirects without end"));
  EXPECT_EQ(server.requests().size(), 2u + 11u);
  EXPECT_THAT(failure(get(server.url() + "/file"), FailureClass::permanent),
              HasSubstr("no http:// or https://"));
}

TEST_F(FetchTest, WhatStatusesMean) {
  std::atomic<int> status = 200;
  std::atomic<bool> says_when = true;
  HttpTestServer server([&](const ReceivedRequest&) {
    ScriptedAnswer answer{.status = status, .body = "sorry"};
    if (says_when) answer.headers = {{"Retry-After", "7"}};
    return answer;
  });
  for (const int transient : {403, 408, 425, 429, 500, 502, 503, 504}) {
    status = transient;
    const Outcome outcome = get(server.url());
    EXPECT_THAT(failure(outcome, FailureClass::transient), HasSubstr("sorry"));
    if (transient == 503) {
      EXPECT_EQ(std::get<outcome::Failed>(outcome).retry_after, std::chrono::seconds(7));
    }
  }
  says_when = false;
  for (const int permanent : {204, 400, 401, 403, 404, 405, 410, 416, 451, 501, 505}) {
    status = permanent;
    EXPECT_THAT(failure(get(server.url()), FailureClass::permanent),
                HasSubstr(std::to_string(permanent)));
  }
  EXPECT_TRUE(leaves_nothing());
}

// Names are resolved first: an address is looked at where it is connected to.
TEST_F(FetchTest, ThisMachineIsNotReachedUnlessAllowed) {
  HttpTestServer server([](const ReceivedRequest&) { return ScriptedAnswer{.body = "secret"}; });
  allow_loopback(false);
  const std::string port = std::to_string(server.port());
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433",
                                 "[::ffff:127.0.0.1]", "0.0.0.0"}) {
    EXPECT_THAT(failure(get("http://" + host + ":" + port + "/"), FailureClass::permanent),
                HasSubstr("which is not allowed"))
        << host;
  }
  EXPECT_EQ(server.connections(), 0);
  EXPECT_THAT(context_.kept_files, SizeIs(0));
}

TEST_F(FetchTest, ARedirectToAnAddressThatIsNotAllowedIsNotFollowed) {
  HttpTestServer inner([](const ReceivedRequest&) { return ScriptedAnswer{.body = "secret"}; });
  HttpTestServer outer([&](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 302, .headers = {{"Location", inner.url() + "/metadata"}}};
  });
  CurlHttpClientParams params;
  params.may_connect = [&](std::string_view url, const IpAddress&) {
    return url.starts_with(outer.url());
  };
  desk_.web = CurlHttpStreams::create(clock_, std::move(params)).value();
  EXPECT_THAT(failure(get(outer.url()), FailureClass::permanent),
              HasSubstr("which is not allowed"));
  EXPECT_EQ(inner.connections(), 0);
}

TEST_F(FetchTest, WhatIsTooLargeIsRefusedBeforeAndWhileItComes) {
  HttpTestServer server([](const ReceivedRequest& request) {
    return ScriptedAnswer{.body = std::string(5000, 'x'), .chunked = request.target == "/chunked"};
  });
  for (const char* path : {"/said", "/chunked"}) {
    EXPECT_THAT(failure(get(server.url() + path, R"(,"bytes_max":"4kB")"), FailureClass::permanent),
                HasSubstr("raise limits.artifacts"));
  }
  EXPECT_THAT(
      failure(run(R"({"url":")" + server.url() + "\"}", R"({"limits":{"artifacts":"1kB"}})"),
              FailureClass::permanent),
      HasSubstr("limit"));
  EXPECT_TRUE(leaves_nothing());
}

TEST_F(FetchTest, AnAnswerWithoutEndIsEnded) {
  TalkingServer server([](const TalkingServer::Say& say) {
    const std::string bytes(100'000, 'x');
    say("HTTP/1.1 200 OK\r\n\r\n");
    while (say(bytes)) {
    }
  });
  EXPECT_THAT(failure(get(server.url(), R"(,"bytes_max":"3MB")"), FailureClass::permanent),
              HasSubstr("sends more than the limit"));
}

TEST_F(FetchTest, HeadersWithoutEndAreEnded) {
  TalkingServer server([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\n");
    while (say("X-More: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  EXPECT_THAT(failure(get(server.url()), FailureClass::transient), Not(HasSubstr("did not fail")));
}

TEST_F(FetchTest, AServerThatIsSilentOrTooSlowIsGivenUp) {
  std::stop_source over;
  TalkingServer server([&](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx");
    clock_.wait_until(kSteadyTimeMax, over.get_token());
  });
  EXPECT_THAT(failure(get(server.url()), FailureClass::transient), HasSubstr("too slowly"));
  EXPECT_EQ(server.connections(), 1);
  over.request_stop();
}

TEST_F(FetchTest, ALengthThatIsNotKeptIsNoWholeFile) {
  TalkingServer server([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort");
  });
  failure(get(server.url()), FailureClass::transient);
  EXPECT_THAT(context_.kept_files, SizeIs(0));
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(FetchTest, ADiskThatIsTooFullIsSeenBefore) {
  HttpTestServer server([](const ReceivedRequest&) { return ScriptedAnswer{.body = "x"}; });
  desk_.downloads.free_bytes_min = std::int64_t{1} << 60;
  EXPECT_THAT(failure(get(server.url()), FailureClass::transient), HasSubstr("make room"));
}

TEST_F(FetchTest, AStopIsHeeded) {
  HttpTestServer server([](const ReceivedRequest&) { return ScriptedAnswer{.hold = true}; });
  std::jthread stopper([&] {
    server.await_requests(1);
    context_.request_stop();
  });
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(get(server.url())));
}

TEST(FetchCheck, RefusesWhatCanNeverRun) {
  const FetchKind kind;
  const auto refused = [&](const std::string& params, const std::string& spec = "{}") {
    const Status status = kind.check(a_task(1).spec(spec).params(params).build());
    return status ? std::string("(taken)") : status.error().message;
  };
  EXPECT_THAT(refused(R"({"url":"ftp://x/y"})"), HasSubstr("/url: "));
  EXPECT_THAT(refused(R"({"url":"http://x/y z"})"), HasSubstr("/url: "));
  EXPECT_THAT(refused(R"({"url":"http://x","mirrors":["x"]})"), HasSubstr("/mirrors: "));
  EXPECT_THAT(refused(R"({"url":"http://x","sha256":"abc"})"), HasSubstr("/sha256: "));
  EXPECT_THAT(refused(R"({"url":"http://x","name":"../x"})"), HasSubstr("/name: "));
  EXPECT_THAT(refused(R"({"url":"http://x","if_none_match":"a\nb"})"), HasSubstr("/if_none_match"));
  EXPECT_THAT(refused(R"({"url":"http://x","bytes_max":"many"})"), HasSubstr("/bytes_max: "));
  EXPECT_THAT(refused(R"({"url":"http://x","ulr":"x"})"), HasSubstr("ulr"));
  EXPECT_THAT(refused(R"({"name":"x"})"), HasSubstr("url param is required"));
  EXPECT_THAT(refused("{}", R"({"limits":{"artifacts":"x"}})"), HasSubstr("/limits/artifacts"));
  EXPECT_EQ(refused("{}"), "(taken)");
  EXPECT_EQ(refused(R"({"URL":"http://x","ipfsApiServerUrl":"y"})"), "(taken)");
}

}  // namespace
}  // namespace waybill
