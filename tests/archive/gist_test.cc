#include <gmock/gmock.h>

#include "kinds/archive/collect/gist.h"
#include "testing/fake_collection_store.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kId = "0123456789abcdef0123456789abcdef";

/// A server of gists, of which the collections are kept in memory.
class GistTest : public ArchiveTest {
 protected:
  GistTest() { desk_.collections = &store_; }

  Outcome create(const std::string& more = "") {
    GistCollectionKind kind("gist.createCollection", &desk_);
    return kind.run(
        task_of(R"({"gistUrl":")" + kId + R"(","api":")" + web_.url() + "\"" + more + "}"),
        context_);
  }
  Outcome create_from(const std::string& gist) {
    answer_ = [gist](const ReceivedRequest&) { return ScriptedAnswer{.body = gist}; };
    return create();
  }
  std::vector<std::string> urls() {
    std::vector<std::string> found;
    const auto all = store_.page({});
    EXPECT_THAT(*all, SizeIs(1));
    if (all->empty()) return found;
    const auto items = store_.items({.collection = all->front().id});
    for (const CollectionItem& item : *items) {
      found.push_back(item.url);
    }
    return found;
  }

  FakeCollectionStore store_;
  std::function<ScriptedAnswer(const ReceivedRequest&)> answer_;
  HttpTestServer web_{[this](const ReceivedRequest& request) { return answer_(request); }};
};

/// As api.github.com answers, cut to what is of use.
constexpr const char* kGist = R"({"url":"https://api.github.com/gists/0123","id":"0123",
  "public":true,"description":"Tides","truncated":false,"comments":0,"files":{
  "collection.json":{"filename":"collection.json","type":"application/json","truncated":false,
    "content":"{\"name\":\"Tide tables\",\"url\":\"https://tides.example\",)"
                              R"(\"description\":\"All\"}"},
  "urls.txt":{"filename":"urls.txt","type":"text/plain","truncated":false,
    "content":"https://tides.example/a\r\n\n  https://tides.example/b  \n)"
                              R"(https://tides.example/a"}}})";

TEST_F(GistTest, ItsUrlsBecomeACollection) {
  answer_ = [](const ReceivedRequest&) { return ScriptedAnswer{.body = kGist}; };
  EXPECT_THAT(result(create(R"(,"CreatorId":"ann")")),
              AllOf(HasSubstr(R"("items":3,"new":2,"left_out":0)"), HasSubstr("collection")));
  EXPECT_EQ(web_.requests().front().target, "/gists/" + kId);
  const Collection made = store_.page({})->front();
  EXPECT_EQ(made.title, "Tide tables");
  EXPECT_EQ(made.description, "All");
  EXPECT_EQ(made.url, "https://tides.example");
  EXPECT_EQ(made.creator, "ann");
  EXPECT_THAT(urls(), ElementsAre("https://tides.example/a", "https://tides.example/b"))
      << "blank lines are no URLs, and none is there twice";
  EXPECT_THAT(context_.progress_reports.front(), HasSubstr("creating collection"));
  EXPECT_THAT(context_.progress_reports.back(),
              AllOf(HasSubstr("created collection: " + to_string(made.id)),
                    HasSubstr(R"("done":true)"), HasSubstr(R"("steps":1)")));
}

TEST_F(GistTest, DoneAgainNothingIsThereTwice) {
  for (int i = 0; i < 2; ++i) EXPECT_THAT(result(create_from(kGist)), HasSubstr("\"items\":3"));
  EXPECT_THAT(urls(), SizeIs(2));
}

TEST_F(GistTest, WithoutADescriptionItIsKeptToo) {
  EXPECT_THAT(
      result(create_from(
          R"({"description":"Tides","files":{"urls.txt":{"content":"https://a.example"}}})")),
      HasSubstr(R"("new":1)"));
  EXPECT_EQ(store_.page({})->front().title, "Tides");
  EXPECT_EQ(store_.page({})->front().url, "https://gist.github.com/" + kId);
}

TEST_F(GistTest, ACutListIsFetchedWhole) {
  answer_ = [this](const ReceivedRequest& request) {
    if (request.target == "/raw")
      return ScriptedAnswer{.body = "https://a.example\nhttps://b.example\n"};
    return ScriptedAnswer{.body = R"({"files":{"urls.txt":{"truncated":true,"content":"https://a",
      "raw_url":")" + web_.url() + R"(/raw"}}})"};
  };
  EXPECT_THAT(result(create()), HasSubstr(R"("new":2)"));
  EXPECT_THAT(urls(), ElementsAre("https://a.example", "https://b.example"));
}

TEST_F(GistTest, WhatNoCollectionTakesIsLeftOutAndTold) {
  EXPECT_THAT(
      result(create_from(
          R"({"files":{"urls.txt":{"content":"https://a.example\nhas blanks\nb.example"}}})")),
      HasSubstr(R"("new":2,"left_out":1)"));
  EXPECT_THAT(context_.logged(LogStream::system), HasSubstr("has blanks"));
}

TEST_F(GistTest, WhatIsOutOfShapeSaysWhatItLacks) {
  const auto refused = [&](const std::string& gist) {
    return failure(create_from(gist), FailureClass::permanent);
  };
  EXPECT_THAT(refused(R"({"files":{}})"), HasSubstr("gist doesn't have a urls.txt file"));
  EXPECT_THAT(refused(R"({"files":7})"), HasSubstr("gist doesn't have a urls.txt file"));
  EXPECT_THAT(refused(R"({"truncated":true})"), HasSubstr("among those that the API lists"));
  EXPECT_THAT(refused("[]"), HasSubstr("no object"));
  EXPECT_THAT(refused("<html>"), HasSubstr("the gist"));
  EXPECT_THAT(refused(R"({"files":{"urls.txt":{"content":""},"collection.json":{"content":"{"}}})"),
              HasSubstr("error unmarshalling gist collection.json"));
  EXPECT_THAT(
      refused(R"({"files":{"urls.txt":{"truncated":true,"raw_url":"file:///etc/passwd"}}})"),
      HasSubstr("does not say where"));
  EXPECT_THAT(*store_.page({}), SizeIs(0));
}

TEST_F(GistTest, ItsFailuresMayPassOrNot) {
  const auto said = [&](ScriptedAnswer answer, FailureClass expected) {
    answer_ = [answer](const ReceivedRequest&) { return answer; };
    return failure(create(), expected);
  };
  EXPECT_THAT(said({.status = 404}, FailureClass::permanent), HasSubstr("404"));
  EXPECT_THAT(said({.status = 403}, FailureClass::permanent), HasSubstr("403"));
  EXPECT_THAT(
      said({.status = 403, .headers = {{"X-RateLimit-Remaining", "0"}}}, FailureClass::transient),
      HasSubstr("403"))
      << "an hour later there are requests left again";
  said({.status = 500}, FailureClass::transient);
  said({.body = std::string(1000, ' '), .cut = Cut::in_body}, FailureClass::transient);
  allow_loopback(false);
  said({.body = kGist}, FailureClass::permanent);
}

TEST(GistId, IsFoundInUrlsOldAndNew) {
  EXPECT_EQ(gist_id(kId), kId);
  EXPECT_EQ(gist_id("0123456789abcdef0123"), "0123456789abcdef0123") << "as of before 2015";
  EXPECT_EQ(gist_id("https://gist.github.com/ann/" + kId + "#file-urls-txt"), kId);
  EXPECT_EQ(gist_id("https://gist.github.com/" + kId + ".git"), kId);
  for (const char* text : {"", "https://gist.github.com/", "0123", "zzzz456789abcdef0123"}) {
    EXPECT_EQ(gist_id(text), std::nullopt) << text;
  }
}

TEST(GistCheck, RefusesWhatCanNeverRun) {
  const auto said = [](const std::string& params) {
    const TaskRequest request = a_task(1).params(params);
    const Status fits = GistCollectionKind("collection.fromGist").check(request);
    return fits ? std::string() : fits.error().message;
  };
  EXPECT_EQ(said("{\"gistUrl\":\"" + kId + "\"}"), "");
  EXPECT_EQ(said("{}"), "") << "a definition";
  EXPECT_THAT(said(R"({"creatorId":"x"})"), HasSubstr("gistUrl is required"));
  EXPECT_THAT(said(R"({"gistUrl":"x"})"), HasSubstr("invalid gist url or id: 'x'"));
}

}  // namespace
}  // namespace waybill
