#include "adapters/gcs/object_store.h"

#include <gmock/gmock.h>

#include <deque>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class FixedToken final : public TokenSource {
 public:
  Result<std::string> token(const Deadline&) override { return answer; }
  std::string identity() const override { return "fixed"; }

  Result<std::string> answer = std::string("hush-token");
};

HttpResponse answer(int status, std::string body = {}, HttpHeaders headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}
HttpResponse error(int status, const std::string& reason, const std::string& message = "says why") {
  return answer(status, R"({"error":{"code":)" + std::to_string(status) + R"(,"message":")" +
                            message + R"(","errors":[{"reason":")" + reason + R"("}]}})");
}
HttpResponse precondition() { return error(412, "conditionNotMet"); }
HttpResponse written_by(const std::string& put) {
  return answer(200, R"({"metadata":{"waybill-put":")" + put + "\"}}");
}

std::string value(const HttpRequest& request, std::string_view name) {
  for (const auto& [field, text] : request.headers) {
    if (field == name) return text;
  }
  return "(none)";
}

/// A store whose server gives the answers of a script, one after another.
class GcsObjectStoreTest : public testing::Test {
 protected:
  void answers(std::vector<Result<HttpResponse>> script) {
    script_.assign(script.begin(), script.end());
  }
  HttpRequest request(std::size_t index) const { return http_.requests().at(index); }

  std::deque<Result<HttpResponse>> script_;
  SimClock clock_;
  FixedToken tokens_;
  FakeHttpClient http_{[this](const HttpRequest&) -> Result<HttpResponse> {
    if (script_.empty()) return fail(Code::internal, "one request too many");
    auto next = std::move(script_.front());
    script_.pop_front();
    return next;
  }};
  GcsObjectStore store_{{.bucket = "drop", .writer = "me"},
                        {.http = http_, .tokens = tokens_, .clock = clock_}};
};

TEST(GcsEndpoint, IsGooglesOrTheEmulatorsWithOrWithoutAScheme) {
  EXPECT_EQ(gcs_endpoint({}), "https://storage.googleapis.com");
  EXPECT_EQ(gcs_endpoint({{"STORAGE_EMULATOR_HOST", ""}}), "https://storage.googleapis.com");
  EXPECT_EQ(gcs_endpoint({{"STORAGE_EMULATOR_HOST", "localhost:9000"}}), "http://localhost:9000");
  EXPECT_EQ(gcs_endpoint({{"STORAGE_EMULATOR_HOST", "http://h:1/"}}), "http://h:1");
  EXPECT_EQ(gcs_endpoint({{"STORAGE_EMULATOR_HOST", "https://h"}}), "https://h");
}

TEST_F(GcsObjectStoreTest, RequestsCarryTheTokenAndKeysAreEncodedWhole) {
  answers({answer(200, "body")});
  EXPECT_EQ(*store_.get("a b/ü+%?#"), "body");
  EXPECT_EQ(request(0).url,
            "https://storage.googleapis.com/storage/v1/b/drop/o/a%20b%2F%C3%BC%2B%25%3F%23"
            "?alt=media");
  EXPECT_EQ(value(request(0), "authorization"), "Bearer hush-token");
}

TEST_F(GcsObjectStoreTest, AnEmptyTokenIsNotSentAndAMissingOneStopsTheRequest) {
  tokens_.answer = std::string();
  answers({answer(200, "body")});
  EXPECT_TRUE(store_.get("k"));
  EXPECT_EQ(value(request(0), "authorization"), "(none)");
  tokens_.answer = fail(Code::unauthenticated, "no credentials");
  EXPECT_EQ(store_.get("k").error().code, Code::unauthenticated);
  EXPECT_EQ(http_.requests().size(), 1u);
}

TEST_F(GcsObjectStoreTest, APutIsOneUploadWithTheHashOfItsBody) {
  answers({answer(200, "{}")});
  ASSERT_TRUE(store_.put("a/\"b", "hello"));
  EXPECT_EQ(request(0).method, "POST");
  EXPECT_EQ(request(0).url,
            "https://storage.googleapis.com/upload/storage/v1/b/drop/o"
            "?uploadType=multipart&fields=generation");
  EXPECT_EQ(request(0).repeat, Repeat::safe);
  const std::string boundary = "part-5d41402abc4b2a76b9719d911017c592";
  EXPECT_EQ(value(request(0), "content-type"), "multipart/related; boundary=" + boundary);
  EXPECT_EQ(request(0).body, "--" + boundary +
                                 "\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
                                 R"({"name":"a/\"b","md5Hash":"XUFAKrxLKna5cZ2REBfFkg=="})"
                                 "\r\n--" +
                                 boundary +
                                 "\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n--" +
                                 boundary + "--\r\n");
}

TEST_F(GcsObjectStoreTest, AListingAsksForWhatIsNeededAndIsRead) {
  answers({answer(200, R"({"nextPageToken":"t/1","prefixes":["d/"],"items":[{"name":"a b\n",)"
                       R"("size":"7","updated":"2020-10-31T12:00:00.000Z"}]})"),
           answer(200, "{}")});
  const ListParams params{.prefix = "p&", .start_after = "a", .end_before = "z", .delimiter = "/"};
  const auto page = store_.list(params);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key, "a b\n");
  EXPECT_EQ(page->objects[0].size_bytes, 7u);
  EXPECT_EQ(page->objects[0].modified_at, *parse_time("2020-10-31T12:00:00Z"));
  EXPECT_THAT(page->prefixes, ElementsAre("d/"));
  EXPECT_EQ(request(0).url,
            "https://storage.googleapis.com/storage/v1/b/drop/o?maxResults=1000"
            "&fields=nextPageToken%2Citems%28name%2Csize%2Cupdated%29%2Cprefixes"
            "&prefix=p%26&delimiter=%2F&startOffset=a&endOffset=z");
  ASSERT_TRUE(store_.list({.token = page->next_token, .detail = ListDetail::keys_only}));
  EXPECT_THAT(request(1).url, HasSubstr("&fields=nextPageToken%2Citems%28name%29&pageToken=t%2F1"));
}

TEST_F(GcsObjectStoreTest, BoundsHoldAlsoWhereTheServerKnowsNone) {
  answers(
      {answer(200, R"({"nextPageToken":"t","items":[{"name":"a"},{"name":"b"},{"name":"c"}]})")});
  const auto page = store_.list({.start_after = "a", .end_before = "c"});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key, "b");
  EXPECT_EQ(page->next_token, "") << "what follows lies beyond";
}

TEST_F(GcsObjectStoreTest, AnEmptyRangeIsNotAskedFor) {
  EXPECT_TRUE(store_.list({.start_after = "b", .end_before = "a"})->objects.empty());
  EXPECT_TRUE(store_.list({.prefix = "b", .end_before = "b"})->objects.empty());
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(GcsObjectStoreTest, WhatIsNoListingIsRefused) {
  for (const char* body :
       {"", "<html/>", "[]", R"({"items":null})", R"({"items":[7]})", R"({"items":[{}]})",
        R"({"items":[{"name":""}]})", R"({"items":[{"name":"a","size":"x"}]})",
        R"({"items":[{"name":"a","updated":"x"}]})", R"({"prefixes":[""]})", R"({"error":{}})"}) {
    answers({answer(200, body)});
    const auto page = store_.list({});
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().code, Code::data_loss);
  }
}

TEST_F(GcsObjectStoreTest, ABodyThatWasChangedOnItsWayIsSeen) {
  const HttpHeaders hashes = {{"x-goog-hash", "crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg=="}};
  answers({answer(200, "hello", hashes), answer(200, "hallo", hashes)});
  EXPECT_EQ(store_.get("k").value(), "hello");
  EXPECT_EQ(store_.get("k").error().code, Code::unavailable);
  HttpHeaders zipped = hashes;
  zipped.emplace_back("x-goog-stored-content-encoding", "gzip");
  answers({answer(200, "unzipped", zipped)});
  EXPECT_EQ(store_.get("k").value(), "unzipped");
}

TEST_F(GcsObjectStoreTest, ErrorsSayWhatToDoAndNoSecret) {
  const struct {
    HttpResponse answer;
    Code code;
    std::string says;
  } cases[] = {
      {error(404, "notFound", "The specified bucket does not exist."), Code::not_found, "create"},
      {error(404, "notFound", "No such object: drop/k"), Code::not_found, "'k'"},
      {error(401, "authError"), Code::unauthenticated, "check the credentials"},
      {error(403, "forbidden"), Code::permission_denied, "roles"},
      {error(403, "rateLimitExceeded"), Code::unavailable, "slowly"},
      {error(429, "rateLimitExceeded"), Code::unavailable, "try again"},
      {error(503, "backendError"), Code::unavailable, "backendError (says why)"},
      {answer(502, "<html>"), Code::unavailable, "502"},
      {error(400, "invalid"), Code::invalid_argument, "400"},
      {answer(302), Code::failed_precondition, "proxy"},
  };
  for (const auto& one : cases) {
    answers({one.answer});
    const auto got = store_.get("k");
    ASSERT_FALSE(got) << one.says;
    EXPECT_EQ(got.error().code, one.code) << got.error().message;
    EXPECT_THAT(got.error().message, HasSubstr(one.says));
    EXPECT_THAT(got.error().message, HasSubstr("gs://drop"));
    EXPECT_THAT(got.error().message, Not(HasSubstr("hush")));
  }
}

TEST_F(GcsObjectStoreTest, ABusyServerSaysWhenToComeBack) {
  answers({answer(503, "", {{"retry-after", "7"}})});
  EXPECT_EQ(store_.get("k").error().retry_after, std::chrono::seconds(7));
}

TEST_F(GcsObjectStoreTest, APageUnderAStatusOfSuccessIsNoPut) {
  for (const char* page : {"", "<html>Log in</html>", "[]"}) {
    answers({answer(200, page)});
    EXPECT_EQ(store_.put("k", "x").error().code, Code::unavailable) << page;
    answers({answer(200, page)});
    EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::unavailable) << page;
  }
}

TEST_F(GcsObjectStoreTest, APutThatFindsAnObjectOfAnothersIsRefused) {
  for (const HttpResponse& theirs :
       {written_by("you-1"), answer(200, "{}"), error(403, "forbidden")}) {
    answers({precondition(), theirs});
    EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::already_exists);
  }
  EXPECT_THAT(request(0).url, HasSubstr("&ifGenerationMatch=0"));
  EXPECT_THAT(request(0).body, HasSubstr(R"("metadata":{"waybill-put":"me-1"})"));
  EXPECT_THAT(request(1).url, HasSubstr("/o/k?fields=metadata"));
}

TEST_F(GcsObjectStoreTest, APutWhoseAnswerWasLostBelowKnowsItsOwnObject) {
  answers({precondition(), written_by("me-1")});
  EXPECT_TRUE(store_.put_if_absent("k", "same"));
  answers({precondition(), written_by("me-1")});
  EXPECT_EQ(store_.put_if_absent("k", "same").error().code, Code::already_exists)
      << "written by an earlier put of ours";
}

TEST_F(GcsObjectStoreTest, APutWhoseRivalIsGoneAgainIsTriedAgainButNotForEver) {
  const HttpResponse gone = error(404, "notFound", "No such object: drop/k");
  answers({precondition(), gone, answer(200, "{}")});
  EXPECT_TRUE(store_.put_if_absent("k", "x"));
  answers({precondition(), gone, precondition(), gone, precondition(), gone});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::unavailable);
  answers({precondition(), error(503, "backendError")});
  EXPECT_EQ(store_.put_if_absent("k", "x").error().code, Code::unavailable);
}

TEST_F(GcsObjectStoreTest, KeysThatTheServiceRefusesAreNotSent) {
  for (const char* key : {".", "..", "a\rb", "a\nb", "\xff"}) {
    EXPECT_EQ(store_.put(key, "x").error().code, Code::invalid_argument);
    EXPECT_EQ(store_.put_if_absent(key, "x").error().code, Code::invalid_argument);
    EXPECT_EQ(store_.get(key).error().code, Code::invalid_argument);
    EXPECT_EQ(store_.remove(key).error().code, Code::invalid_argument);
  }
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(GcsObjectStoreTest, RemovingWhatIsNotThereIsFineButNotWithoutABucket) {
  answers({answer(204)});
  EXPECT_TRUE(store_.remove("k"));
  EXPECT_EQ(request(0).method, "DELETE");
  answers({error(404, "notFound", "No such object: drop/k")});
  EXPECT_TRUE(store_.remove("k"));
  answers({error(404, "notFound", "The specified bucket does not exist.")});
  EXPECT_EQ(store_.remove("k").error().code, Code::not_found);
}

}  // namespace
}  // namespace waybill
