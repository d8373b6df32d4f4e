#include "kinds/archive/morph/morph.h"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "kinds/archive/morph/database.h"
#include "tests/archive/collect_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

/// As archivertools make it.
constexpr const char* kTables =
    "CREATE TABLE runs_metadata (run_id INTEGER PRIMARY KEY, url TEXT, UUID TEXT, timestamp TEXT,"
    " body_content BLOB, body_SHA256 TEXT, headers TEXT);"
    "CREATE TABLE files (file_id INTEGER PRIMARY KEY, run_id INTEGER, file_contents BLOB,"
    " filename TEXT, file_SHA256 TEXT, comments TEXT, timestamp TEXT);"
    "CREATE TABLE child_urls (url_id INTEGER PRIMARY KEY, url TEXT UNIQUE, run_id INTEGER,"
    " timestamp TEXT);";

class MorphTest : public CollectTest {
 protected:
  MorphTest() {
    context_.secrets["morph-api-key"] = "key-of-tests";
    answer_ = [this](const ReceivedRequest& request) {
      if (request.header("x-api-key") != "key-of-tests") {
        return ScriptedAnswer{.status = 401, .body = "API key is not valid"};
      }
      return ScriptedAnswer{.headers = {{"ETag", "\"v1\""}}, .body = sqlite_};
    };
  }
  /// Makes the database that the server has.
  void serve_sql(const std::string& sql) {
    const std::string path = directory_.path() + "/made.sqlite";
    std::filesystem::remove(path);
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(db);
    std::ifstream file(path, std::ios::binary);
    sqlite_.assign(std::istreambuf_iterator<char>(file), {});
  }
  static std::string file_row(int id, const std::string& content, const std::string& name,
                              const std::string& digest) {
    return "INSERT INTO files VALUES (" + std::to_string(id) + ", 1, '" + content + "', '" + name +
           "', '" + digest + "', 'said', '2017-02-03 04:05:06');";
  }
  std::string usual() {
    return std::string(kTables) +
           "INSERT INTO runs_metadata VALUES (1, 'http://epa.example/', 'u-1', '2017-02-03',"
           " '<html>page</html>', '" +
           to_hex(sha256("<html>page</html>")) + "', 'h');" +
           file_row(1, "a,b", "data/t.csv", to_hex(sha256("a,b"))) +
           file_row(2, "no digest", "x.txt", "") +
           "INSERT INTO child_urls VALUES (1, 'http://epa.example/child', 1, ''),"
           " (2, 'has blanks in it', 1, '');";
  }
  std::string params(const std::string& more = "") {
    return R"({"scraper":"owner/epa")" + more + "}";
  }
  Task morph_task(const std::string& more, const std::string& key = "morph-api-key") {
    Task task = now_task(params(more));
    task.request.spec = R"({"api":")" + web_.url() + R"(","key_secret":")" + key + "\"}";
    return task;
  }
  Outcome run(const std::string& more = "") { return morph_.run(morph_task(more), context_); }
  std::vector<std::string> urls() {
    std::vector<std::string> all;
    for (const CollectionItem& item : items()) all.push_back(item.url);
    return all;
  }
  std::string meta_of(const std::string& cid) {
    std::string all;
    const auto found = store_.metadata({.subject = cid});
    for (const Metadata& metadata : *found) all += metadata.meta + "\n";
    return all;
  }

  std::string sqlite_;
  MorphIngestKind morph_{&desk_};
};

TEST_F(MorphTest, WhatAScraperHasGoesToTheNodeAndIntoACollection) {
  serve_sql(usual());
  const bj::object said = done(run());
  EXPECT_EQ(said.at("files"), 3);
  EXPECT_EQ(said.at("archived"), 3);
  EXPECT_EQ(said.at("failed"), 0);
  EXPECT_EQ(said.at("new_urls"), 2);
  EXPECT_EQ(said.at("left_out"), 1);
  EXPECT_THAT(urls(),
              ElementsAre("http://epa.example/", "morph://owner/epa/files/1",
                          "morph://owner/epa/files/2", "morph://owner/epa/runs_metadata/1",
                          "http://epa.example/child", web_.url() + "/owner/epa/data.sqlite"));
  const auto kept = items();
  EXPECT_EQ(content(kept[1].fetch.cid), "a,b");
  EXPECT_EQ(kept[1].title, "data/t.csv");
  EXPECT_EQ(kept[1].fetch.media_type, "text/csv");
  EXPECT_EQ(kept[1].fetch.sha256, to_hex(sha256("a,b")));
  EXPECT_THAT(meta_of(kept[1].fetch.cid),
              AllOf(HasSubstr(R"("title":"data/t.csv")"), HasSubstr(R"("comments":"said")"),
                    HasSubstr(R"("url":"http://epa.example/")")));
  EXPECT_EQ(content(kept[3].fetch.cid), "<html>page</html>");
  EXPECT_EQ(content(kept[5].fetch.cid), sqlite_);
  EXPECT_THAT(meta_of(kept[5].fetch.cid),
              AllOf(HasSubstr(R"("morphRunId":"1")"), HasSubstr(R"("dateCompleted":"2017-02-03")"),
                    HasSubstr(R"("githubRepo":"https://github.com/owner/epa")"),
                    HasSubstr(R"("originalUrl":"http://epa.example/")"),
                    HasSubstr(R"("sqliteChecksum":")" + to_hex(sha256(sqlite_)))));
  const Collection collection = store_.page({})->front();
  EXPECT_EQ(collection.title, "owner/epa");
  EXPECT_EQ(collection.url, web_.url() + "/owner/epa");
  EXPECT_THAT(content(collection.index_cid), HasSubstr(kept[1].fetch.cid));
  EXPECT_THAT(context_.progress_reports.front(), HasSubstr("fetching data.sqlite"));
  EXPECT_THAT(context_.progress_reports, Contains(HasSubstr("archiving file 3/3")));
  EXPECT_THAT(context_.progress_reports.back(), HasSubstr("saving collection results"));
}

TEST_F(MorphTest, TheKeyIsToldToTheServerAloneAndInNoUrl) {
  serve_sql(usual());
  HttpTestServer other([](const ReceivedRequest&) { return ScriptedAnswer{.body = "x"}; });
  done(run());
  EXPECT_THAT(web_.requests().at(0).target, Not(HasSubstr("key")));
  answer_ = [&](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 302, .headers = {{"Location", other.url() + "/d"}}};
  };
  EXPECT_THAT(failure(run(), FailureClass::permanent), HasSubstr("cannot be read"));
  EXPECT_FALSE(other.requests().at(0).has_header("x-api-key"));
}

TEST_F(MorphTest, ASecondRunGivesOnlyWhatIsNew) {
  serve_sql(usual());
  done(run());
  serve_sql(usual() + file_row(3, "new one", "n.txt", to_hex(sha256("new one"))));
  const bj::object said = done(run());
  EXPECT_EQ(said.at("known"), 2) << "those with a digest";
  EXPECT_EQ(said.at("archived"), 2) << "the new one, and the one without";
  EXPECT_EQ(said.at("new_urls"), 0);
  EXPECT_THAT(urls(), SizeIs(7));
}

TEST_F(MorphTest, AFileThatIsNotWhatItSaysFailsAloneAndForGood) {
  serve_sql(std::string(kTables) + file_row(1, "changed", "a.txt", std::string(64, '0')) +
            file_row(2, "fine", "b.txt", to_hex(sha256("fine"))) +
            "INSERT INTO files VALUES (3, 1, NULL, 'none.txt', '', '', '');");
  const bj::object said = done(run());
  EXPECT_EQ(said.at("archived"), 1) << json::serialize(said);
  EXPECT_EQ(said.at("failed"), 2);
  EXPECT_THAT(json::serialize(said.at("failures")),
              AllOf(HasSubstr("but by file_SHA256 it is 000"), HasSubstr("it has no content")));
}

TEST_F(MorphTest, AnotherAttemptGoesOnWhereTheNodeWentAway) {
  std::string sql = kTables;
  for (int i = 1; i <= 10; ++i) {
    const std::string text = "file " + std::to_string(i);
    sql += file_row(i, text, "f" + std::to_string(i), to_hex(sha256(text)));
  }
  serve_sql(sql);
  const Task task = morph_task("");
  gate_ = 11;  // five files, and a head
  EXPECT_THAT(failure(morph_.run(task, context_), FailureClass::transient), HasSubstr("to ipfs"));
  gate_ = 1'000;
  const bj::object said = done(morph_.run(task, context_));
  EXPECT_EQ(said.at("known"), 5);
  EXPECT_EQ(said.at("archived"), 5);
  EXPECT_THAT(web_.requests(), SizeIs(1)) << "the database is there already";
}

TEST_F(MorphTest, WhichSecretGoesWhereIsTheDefinitionsToSay) {
  for (const std::string field : {"api", "key_secret", "KeySecret"}) {
    Task task = morph_task(",\"" + field + "\":\"https://evil.example\"");
    EXPECT_THAT(failure(morph_.run(task, context_), FailureClass::permanent),
                HasSubstr("stands in the definition's spec"));
  }
  Task task = morph_task("");
  task.request.spec = R"({"api":"https://evil.example"})";
  EXPECT_THAT(failure(morph_.run(task, context_), FailureClass::permanent),
              HasSubstr("/key_secret"));
}

TEST_F(MorphTest, WhatIsRefusedIsSaid) {
  EXPECT_THAT(failure(morph_.run(morph_task("", "gone"), context_), FailureClass::permanent),
              HasSubstr("secret \"gone\""));
  context_.secrets["morph-api-key"] = "wrong";
  EXPECT_THAT(failure(run(), FailureClass::permanent), HasSubstr("API key is not valid"));
  context_.secrets["morph-api-key"] = "key-of-tests";
  sqlite_ = "no database";
  EXPECT_THAT(failure(run(), FailureClass::permanent), HasSubstr("data.sqlite"));
  serve_sql(usual());
  EXPECT_THAT(
      failure(run(R"(,"checksum":")" + std::string(64, '0') + "\""), FailureClass::transient),
      HasSubstr("SHA-256"));
  EXPECT_THAT(
      failure(run(R"(,"collectionId":")" + to_string(task_id(8)) + "\""), FailureClass::permanent),
      HasSubstr("Error reading collection"));
  for (const char* scraper : {"", "owner", "a/b/c", "../x", "a/b?key=1"}) {
    const Task task = task_of(R"({"scraper":")" + std::string(scraper) + "\"}");
    EXPECT_FALSE(morph_.check(task.request)) << scraper;
  }
}

TEST_F(MorphTest, ADatabaseThatMeansNoGoodIsReadWithSuspicion) {
  // What looks like the tables, and would run for ever, or is something else.
  serve_sql(
      "CREATE VIEW files AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
      " SELECT i AS file_id, 'x' AS file_contents, 'f' AS filename FROM n;"
      "CREATE VIRTUAL TABLE runs_metadata USING fts5(url, body_content);"
      "CREATE TABLE child_urls (x);");
  const bj::object said = done(run());
  EXPECT_EQ(said.at("files"), 0);
  serve_sql("CREATE TABLE files (k PRIMARY KEY, file_contents) WITHOUT ROWID;");
  EXPECT_THAT(failure(run(), FailureClass::permanent), HasSubstr("cannot be read"));
  serve_sql(usual());
  // Pages that say what is not so.
  for (std::size_t at = 4096; at + 8 < sqlite_.size(); at += 97) sqlite_[at] = '\xff';
  const Outcome damaged = run();
  if (std::holds_alternative<outcome::Failed>(damaged)) failure(damaged, FailureClass::permanent);
}

TEST_F(MorphTest, AQueryWithoutEndIsEndedByTheTime) {
  serve_sql(
      "CREATE TABLE files (file_id INTEGER PRIMARY KEY, filename);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
      " INSERT INTO files SELECT i, 'f' FROM n;");
  const std::string path = directory_.path() + "/made.sqlite";
  std::stop_source stop;
  auto database = ForeignDatabase::open(path, clock_, {.stop = stop.get_token()});
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ(*database->count("files"), 50'000);
  EXPECT_EQ(*database->count("gone"), 0);
  stop.request_stop();
  const auto rows = database->rows("files", {"filename"}, 0, 50'000);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, Code::cancelled);
}

}  // namespace
}  // namespace waybill
