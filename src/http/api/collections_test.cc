#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "testing/fake_collection_store.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;
using testing::HasSubstr;
using testing::SizeIs;

class CollectionsTest : public ApiFixture {
 protected:
  CollectionsTest() { api_ = Api::create(own_, metrics_, gate_).value(); }
  ~CollectionsTest() override { api_.reset(); }

  static Pairs as(const std::string& token) { return {{"authorization", "Bearer " + token}}; }
  Response patch(const std::string& id, const std::string& body, Pairs headers = {}) {
    return ask(request("PATCH", "/v1/collections/" + id, body, std::move(headers)));
  }
  Response remove(const std::string& id, Pairs headers = {}) {
    return ask(request("DELETE", "/v1/collections/" + id, "", std::move(headers)));
  }
  std::string make(const std::string& body = R"({"title":"Tides","items":[{"url":"a"}]})") {
    const Response made = post("/v1/collections", body);
    EXPECT_EQ(made.status, 201) << made.body;
    return std::string(json_of(made).at("collection").at("id").as_string());
  }
  std::vector<std::string> urls(const std::string& id) {
    std::vector<std::string> all;
    const Response listed = get("/v1/collections/" + id + "/items");
    const bj::object page = json_of(listed);
    for (const bj::value& item : page.at("items").as_array()) {
      all.emplace_back(item.at("url").as_string());
    }
    return all;
  }

  FakeCollectionStore collections_;
  const ApiParts own_{.ledger = {ledger_, ledger_, ledger_},
                      .logs = logs_,
                      .clock = clock_,
                      .definitions = always(all_),
                      .kinds = {},
                      .check_task = {},
                      .new_id = [this] { return ids_.next(clock_.now()); },
                      .chance = [] { return 0.0; },
                      .feed = feed_,
                      .first_answers = first_answers_,
                      .audit = &audit_,
                      .collections = &collections_};
};

TEST_F(CollectionsTest, OneIsMadeLookedAtAndRemoved) {
  const Response made =
      post("/v1/collections",
           R"({"title":"Tides","url":"https://t.example/","description":"All","items":[)"
           R"({"url":"https://t.example/a","title":"A"},{"url":"https://t.example/b"}]})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(json_of(made).at("added"), 2);
  const bj::object collection = json_of(made).at("collection").as_object();
  EXPECT_EQ(collection.at("title"), "Tides");
  EXPECT_EQ(collection.at("creator"), "local");
  const std::string id(collection.at("id").as_string());
  const Response shown = get("/v1/collections/" + id);
  EXPECT_EQ(json_of(shown), collection);
  EXPECT_EQ(header(shown, "ETag"), header(made, "ETag"));
  EXPECT_EQ(get("/v1/collections/" + id, {{"if-none-match", header(shown, "ETag")}}).status, 304);
  EXPECT_THAT(urls(id), testing::ElementsAre("https://t.example/a", "https://t.example/b"));
  // There is one for each URL.
  const Response again = post(
      "/v1/collections", R"({"url":"https://t.example/","items":[{"url":"https://c.example"}]})");
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(json_of(again).at("created"), false);
  EXPECT_EQ(json_of(again).at("collection").at("id"), collection.at("id"));
  EXPECT_EQ(json_of(remove(id)).at("title"), "Tides");
  EXPECT_EQ(remove(id).status, 404);
  EXPECT_EQ(get("/v1/collections/" + id).status, 404);
}

TEST_F(CollectionsTest, TheSameKeyMakesOne) {
  const Pairs key = {{"idempotency-key", "k"}};
  const Response made = post("/v1/collections", R"({"title":"x"})", key);
  const Response again = post("/v1/collections", R"({"title":"x"})", key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, made.body);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(post("/v1/collections", R"({"title":"y"})", key).status, 422);
  EXPECT_THAT(*collections_.page({}), SizeIs(1));
}

TEST_F(CollectionsTest, ItIsDescribedAnewAsLongAsNobodyElseDid) {
  const std::string id = make();
  const std::string etag = header(get("/v1/collections/" + id), "ETag");
  const Response changed = patch(id, R"({"title":"","creator":"bob"})", {{"if-match", etag}});
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(json_of(changed).at("title"), "") << "an empty text takes away what was said";
  EXPECT_EQ(json_of(changed).at("creator"), "bob");
  EXPECT_NE(header(changed, "ETag"), etag);
  EXPECT_EQ(patch(id, R"({"title":"x"})", {{"if-match", etag}}).status, 412);
  EXPECT_EQ(patch(id, R"({"title":"x"})").status, 200) << "who asks for no ETag is not refused";
  EXPECT_EQ(patch(id, "{}").status, 400);
  EXPECT_EQ(patch(id, R"({"title":7})").status, 400);
  EXPECT_EQ(patch(id, R"({"title":"\u0000"})").status, 400);
  EXPECT_EQ(patch("01931b1e-5c00-7000-8000-000000000099", R"({"title":"x"})").status, 404);
}

TEST_F(CollectionsTest, UrlsAreAddedAndTakenOut) {
  const std::string id = make();
  const std::string items = "/v1/collections/" + id + "/items";
  EXPECT_EQ(json_of(post(items, R"({"items":[{"url":"a"},{"url":"b"},{"url":"c"}]})")).at("added"),
            2);
  EXPECT_EQ(json_of(post(items + "/remove", R"({"urls":["a","c","never"]})")).at("removed"), 2);
  EXPECT_THAT(urls(id), testing::ElementsAre("b"));
  for (const char* body :
       {R"({"items":[]})", R"({"items":[{"url":"has blanks"}]})",
        R"({"items":[{"title":"no url"}]})", "{}", R"({"items":[{"url":""}]})"}) {
    EXPECT_EQ(post(items, body).status, 400) << body;
  }
  EXPECT_EQ(post(items + "/remove", "{}").status, 400);
  EXPECT_THAT(urls(id), testing::ElementsAre("b"));
  const std::string none = "/v1/collections/01931b1e-5c00-7000-8000-000000000099/items";
  EXPECT_EQ(post(none, R"({"items":[{"url":"a"}]})").status, 404);
  EXPECT_EQ(post(none + "/remove", R"({"urls":["a"]})").status, 404);
  EXPECT_EQ(post("/v1/collections", R"({"title":"x","items":[{"url":"has blanks"}]})").status, 400);
  EXPECT_THAT(*collections_.page({}), SizeIs(1)) << "what is wrong with an item makes none";
}

TEST_F(CollectionsTest, WhoMaySubmitMakesThemAndAnOperatorChangesThem) {
  const std::string id = make();
  principals_ = {{"view", {.name = "token:view", .role = Role::viewer}},
                 {"sub", {.name = "token:sub", .role = Role::submitter}},
                 {"op", {.name = "token:op", .role = Role::operator_}}};
  const std::string items = "/v1/collections/" + id + "/items";
  EXPECT_EQ(post("/v1/collections", R"({"title":"x"})", as("view")).status, 403);
  EXPECT_EQ(post(items, R"({"items":[{"url":"x"}]})", as("view")).status, 403);
  EXPECT_EQ(post("/v1/collections", R"({"title":"x"})", as("sub")).status, 201);
  EXPECT_EQ(post(items, R"({"items":[{"url":"x"}]})", as("sub")).status, 200);
  EXPECT_EQ(patch(id, R"({"title":"x"})", as("sub")).status, 403);
  EXPECT_EQ(post(items + "/remove", R"({"urls":["x"]})", as("sub")).status, 403);
  EXPECT_EQ(remove(id, as("sub")).status, 403);
  EXPECT_EQ(patch(id, R"({"title":"x"})", as("op")).status, 200);
  EXPECT_EQ(post(items + "/remove", R"({"urls":["x"]})", as("op")).status, 200);
  EXPECT_EQ(remove(id, as("op")).status, 200);
  ASSERT_TRUE(audit_.step({}).has_value());
  const auto log = audit_log_.page({.limit = 100});
  std::size_t told = 0;
  for (const AuditEntry& entry : log->entries) told += entry.subject == id ? 1 : 0;
  EXPECT_GE(told, 4u) << "who changed what is kept";
}

}  // namespace
}  // namespace waybill::http
