#include "kinds/archive/identify/identify.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <filesystem>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/rng.h"
#include "kinds/archive/identify/table.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class IdentifyTest : public ArchiveTest {
 protected:
  /// As the params name it.
  std::string keep(const std::string& name, const std::string& bytes) {
    const std::string digest = to_hex(sha256(bytes));
    context_.contents[digest] = bytes;
    return R"({"name":")" + name + R"(","sha256":")" + digest + "\"}";
  }
  Outcome run(const std::string& params) { return kind_.run(task_of(params), context_); }
  std::vector<TypeRow> rows() {
    std::vector<TypeRow> all;
    std::string_view rest = context_.kept_files.at(0).bytes;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      const auto row = parse_json_line(rest.substr(0, end));
      EXPECT_TRUE(row.has_value()) << rest.substr(0, end);
      all.push_back(row.value_or(TypeRow()));
      rest.remove_prefix(end + 1);
    }
    return all;
  }
  const std::string png_ =
      from_base64(
          "iVBORw0KGgoAAAANSUhEUgAAADAAAAAwAQAAAAB/ecQqAAAADUlEQVR42mNgGAXUBAABUAABNLg62QAA"
          "AABJRU5ErkJggg==")
          .value_or("");
  IdentifyKind kind_{&desk_};
};

TEST_F(IdentifyTest, WhatFilesAreIsToldByTheirContent) {
  const std::string said = result(run(
      R"({"files":[)" + keep("a.txt", png_) + "," + keep("b/page", "<!DOCTYPE html><html></html>") +
      "," + keep("c.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\3", 10)) + "," +
      keep("d", "caf\xC3\xA9\n") + "," + keep("e", "") + "]}"));
  EXPECT_THAT(said, AllOf(HasSubstr(R"("table":"types.jsonl")"), HasSubstr(R"("files":5)"),
                          HasSubstr(R"("failed":0)"), HasSubstr(R"("image/png":1)")));
  EXPECT_EQ(context_.kept_files.at(0).name, "types.jsonl");
  const auto all = rows();
  ASSERT_THAT(all, SizeIs(5));
  EXPECT_EQ(all[0].path, "a.txt");
  EXPECT_EQ(all[0].type.media_type, "image/png") << "its name says something else";
  EXPECT_THAT(all[0].type.description, HasSubstr("48 x 48"));
  EXPECT_EQ(all[0].size_bytes, static_cast<std::int64_t>(png_.size()));
  EXPECT_EQ(all[0].sha256, to_hex(sha256(png_)));
  EXPECT_EQ(all[1].type.media_type, "text/html");
  EXPECT_EQ(all[2].type.media_type, "application/gzip");
  EXPECT_EQ(all[3].type.charset, "utf-8");
  EXPECT_EQ(all[4].type.media_type, "application/x-empty");
  EXPECT_THAT(context_.progress_reports.front(), HasSubstr("loading list"));
  EXPECT_THAT(context_.progress_reports, Contains(HasSubstr("identifying file 5/5")));
  EXPECT_THAT(context_.progress_reports.back(), HasSubstr(R"("done":true)"));
  EXPECT_TRUE(std::filesystem::is_empty(context_.scratch_directory())) << "each is put away";
}

TEST_F(IdentifyTest, OneThatIsNotThereIsNoFailureOfTheOthers) {
  const std::string gone = R"({"name":"gone","sha256":")" + std::string(64, '0') + "\"}";
  const std::string said = result(run(R"({"files":[)" + gone + "," + keep("b", png_) + "]}"));
  EXPECT_THAT(said, AllOf(HasSubstr(R"("files":2)"), HasSubstr(R"("failed":1)")));
  const auto all = rows();
  EXPECT_THAT(all.at(0).error, HasSubstr("no artifact"));
  EXPECT_EQ(all.at(1).type.media_type, "image/png");
}

TEST_F(IdentifyTest, AListMayNameThemAndTheTableMayBeCsv) {
  const std::string list = keep("say \\\"a,b\\\"", "x") + "\n\n" + keep("c", png_) + "\r\n";
  const std::string digest = to_hex(sha256(list));
  context_.contents[digest] = list;
  EXPECT_THAT(result(run(R"({"list":")" + digest + R"(","format":"csv","name":"all"})")),
              HasSubstr(R"("table":"all.csv")"));
  EXPECT_THAT(context_.kept_files.at(0).bytes,
              AllOf(HasSubstr("path,media_type,charset,description,size_bytes,sha256,error\r\n"),
                    HasSubstr("\"say \"\"a,b\"\"\",application/octet-stream,"),
                    HasSubstr("\r\nc,image/png,binary,\"PNG image data, 48 x 48,")));
}

TEST_F(IdentifyTest, AnotherAttemptGoesOnWhereTheLastOneEnded) {
  std::string files;
  for (int i = 0; i < 50; ++i) {
    files += (i == 0 ? "" : ",") + keep("f" + std::to_string(i), "text " + std::to_string(i));
  }
  const std::string params = R"({"files":[)" + files + "]}";
  // What the last one needs is away; what was found out before is kept.
  const std::string missing = to_hex(sha256("text 49"));
  context_.refused[missing] = Error{Code::unavailable, "the store is away"};
  EXPECT_THAT(failure(run(params), FailureClass::transient), HasSubstr("the store is away"));
  context_.refused.clear();
  context_.fetched.clear();
  EXPECT_THAT(result(run(params)), HasSubstr(R"("files":50)"));
  EXPECT_THAT(context_.fetched, SizeIs(1)) << "only that is looked at";
  EXPECT_THAT(rows(), SizeIs(50));
  EXPECT_THAT(context_.logged(LogStream::system), HasSubstr("[going on after 49 files]"));
  EXPECT_TRUE(std::filesystem::is_empty(desk_.downloads.directory)) << "nothing is left behind";
}

TEST_F(IdentifyTest, WhatAnotherListBeganIsNotGoneOnWith) {
  context_.refused[to_hex(sha256("b"))] = Error{Code::unavailable, "away"};
  failure(run(R"({"files":[)" + keep("a", png_) + "," + keep("b", "b") + "]}"),
          FailureClass::transient);
  EXPECT_THAT(result(run(R"({"files":[)" + keep("c", "text") + "]}")), HasSubstr(R"("files":1)"));
  EXPECT_EQ(rows().at(0).path, "c");
}

TEST_F(IdentifyTest, AStopEndsItAndItsTimeToo) {
  const std::string params = R"({"files":[)" + keep("a", png_) + "]}";
  context_.end_at = clock_.steady_now();
  EXPECT_THAT(failure(run(params), FailureClass::transient), HasSubstr("after 0 of 1 files"));
  context_.end_at = kSteadyTimeMax;
  context_.request_stop();
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(run(params)));
}

TEST_F(IdentifyTest, WhatCannotRunIsSaid) {
  EXPECT_THAT(failure(run(R"({"name":"x"})"), FailureClass::permanent), HasSubstr("/files: which"));
  EXPECT_THAT(
      failure(run(R"({"files":[{"name":"../x","sha256":")" + std::string(64, '0') + "\"}]}"),
              FailureClass::permanent),
      HasSubstr("/files/0/name"));
  EXPECT_THAT(failure(run(R"({"files":[{"name":"x","sha256":"no"}]})"), FailureClass::permanent),
              HasSubstr("/files/0/sha256"));
  EXPECT_THAT(failure(run(R"({"list":")" + std::string(64, '0') + "\"}"), FailureClass::permanent),
              HasSubstr("the list"));
  const std::string broken = "{\"name\":\"x\"}\n";
  context_.contents[to_hex(sha256(broken))] = broken;
  EXPECT_THAT(
      failure(run(R"({"list":")" + to_hex(sha256(broken)) + "\"}"), FailureClass::permanent),
      HasSubstr("the list, line 1/sha256"));
}

TEST_F(IdentifyTest, ContentThatMeansNoGoodIsLookedAtAndNoMore) {
  // A bomb is not unpacked, and bytes at random end no worker.
  Rng rng(7);
  std::string files;
  for (int i = 0; i < 200; ++i) {
    std::string bytes = i % 2 == 0 ? png_
                                   : std::string(
                                         "\x7f"
                                         "ELF\2\1\1",
                                         7);
    for (int j = 0; j < 300; ++j) bytes += static_cast<char>(rng.below(256));
    if (i % 2 == 0) bytes[rng.below(40)] = static_cast<char>(rng.below(256));
    files += (i == 0 ? "" : ",") + keep("f" + std::to_string(i), bytes);
  }
  EXPECT_THAT(result(run(R"({"files":[)" + files + "]}")), HasSubstr(R"("files":200)"));
}

}  // namespace
}  // namespace waybill
