#include "http/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace waybill::http {
namespace {

using testing::HasSubstr;

const ConsoleFile kFiles[] = {{.path = "index.html",
                               .type = "text/html; charset=utf-8",
                               .etag = "1111",
                               .plain = "<!doctype html>",
                               .gzip = "",
                               .brotli = ""},
                              {.path = "assets/main-abc.js",
                               .type = "text/javascript; charset=utf-8",
                               .etag = "2222",
                               .is_hashed = true,
                               .plain = "plain",
                               .gzip = "by gzip",
                               .brotli = "by brotli"}};

std::optional<Response> get(std::string path, Pairs headers = {}, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers = std::move(headers);
  return console_answer(request, kFiles);
}

std::string header(const std::optional<Response>& response, std::string_view name) {
  if (!response) return "no response";
  for (const auto& [each, value] : response->headers) {
    if (each == name) return value;
  }
  return "";
}

TEST(Console, IsWhereTheTopOfTheServerLeads) {
  for (const char* path : {"/", "/console"}) {
    const auto response = get(path);
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->status, 302);
    EXPECT_EQ(header(response, "Location"), "/console/");
  }
}

TEST(Console, LeavesWhatIsNotItsOwnToOthers) {
  for (const char* path : {"/v1/tasks", "/healthz", "/login/github", "/consoles", "/nothing"}) {
    EXPECT_FALSE(get(path)) << path;
  }
  EXPECT_FALSE(get("/console/", {}, "POST"));
  EXPECT_FALSE(get("/console/assets/main-of-an-older-version.js"));
}

TEST(Console, GivesItsIndexForEveryPageAndHasItAskedForAnew) {
  for (const char* path : {"/console/", "/console/tasks/0190", "/console/index.html"}) {
    const auto response = get(path);
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "<!doctype html>");
    EXPECT_EQ(response->content_type, "text/html; charset=utf-8");
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
  }
}

TEST(Console, LetsPagesLoadAndAskNothingButThisServer) {
  const std::string policy = header(get("/console/"), "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'self'; style-src 'self';"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(policy.find("unsafe"), policy.npos);
  EXPECT_EQ(header(get("/console/"), "X-Content-Type-Options"), "nosniff");
}

TEST(Console, KeepsHashedFilesForEverAndSendsThemAsSmallAsTheBrowserTakesThem) {
  const std::string path = "/console/assets/main-abc.js";
  const auto small = get(path, {{"accept-encoding", "gzip, deflate, br"}});
  EXPECT_EQ(header(small, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(small, "Content-Encoding"), "br");
  EXPECT_EQ(header(small, "Vary"), "Accept-Encoding");
  EXPECT_EQ(small->body, "by brotli");
  EXPECT_EQ(get(path, {{"accept-encoding", "gzip"}})->body, "by gzip");
  EXPECT_EQ(get(path, {{"accept-encoding", "gzip, br;q=0"}})->body, "by gzip");
  EXPECT_EQ(get(path)->body, "plain");
  EXPECT_EQ(header(get(path), "Content-Encoding"), "");
}

TEST(Console, SendsNothingThatTheBrowserHas) {
  const std::string path = "/console/assets/main-abc.js";
  const Pairs gzip = {{"accept-encoding", "gzip"}};
  const std::string etag = header(get(path, gzip), "ETag");
  const auto same = get(path, {gzip[0], {"if-none-match", "\"other\", " + etag}});
  EXPECT_EQ(same->status, 304);
  EXPECT_EQ(same->content_type, "");
  EXPECT_EQ(get(path, {{"if-none-match", etag}})->status, 200) << "plain bytes are others";
}

TEST(Console, ServesNothingWhereItWasNotBuilt) {
  Request request;
  request.method = "GET";
  request.path = "/";
  EXPECT_FALSE(console_answer(request, {}));
}

}  // namespace
}  // namespace waybill::http
