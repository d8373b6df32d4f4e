#include "core/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

using testing::HasSubstr;

constexpr const char* kOwn = "0b9de2c1-3f0e-4a51-9a55-5a1b7a1f2c3d";

class ImportTest : public testing::Test {
 protected:
  Result<TaskRequest> read(const ImportMessage& message) {
    return ImportReader(import_, definitions_).read(message, fresh_);
  }
  std::string refusal(const ImportMessage& message) {
    const auto request = read(message);
    EXPECT_FALSE(request);
    if (request) return "";
    EXPECT_EQ(request.error().code, Code::invalid_argument);
    return request.error().message;
  }

  ImportDefinition import_{.name = "archive", .queue = "tasks"};
  std::map<std::string, TaskDefinition> definitions_ = {
      {"fetch",
       {.name = "fetch",
        .kind = "command",
        .queue = "web",
        .params_schema = R"({"required":["url"],"properties":{"url":{"type":"string"}}})"}},
      {"tidy", {.name = "tidy", .kind = "noop"}}};
  Uuid fresh_ = parse_uuid("01890f3e-7b60-7000-8000-000000000001").value();
};

TEST_F(ImportTest, TypeBodyAndIdBecomeDefinitionParamsAndKey) {
  const auto request =
      read({.message_id = "m-1", .type = "fetch", .user_id = "eve", .body = R"({"url":"u"})"});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->definition, "fetch");
  EXPECT_EQ(request->queue, "web");
  EXPECT_EQ(request->params, R"({"url":"u"})");
  EXPECT_EQ(request->dedup_key, "import/archive/m-1");
  EXPECT_EQ(request->dedup_scope, DedupScope::forever);
  EXPECT_EQ(request->created_by, "import:archive");
  EXPECT_EQ(request->labels, (Labels{{"user", "eve"}}));
  EXPECT_EQ(request->id, read({.message_id = "m-1", .type = "tidy"})->id);
  EXPECT_NE(request->id, read({.message_id = "m-2", .type = "tidy"})->id);
}

TEST_F(ImportTest, AnIdThatIsAUuidIsTheTasks) {
  EXPECT_EQ(to_string(read({.correlation_id = kOwn, .type = "tidy"})->id), kOwn);
  const Uuid of_a_name = uuid_v5(kTaskNamespace, "somebody's");
  const std::string text = to_string(of_a_name);
  EXPECT_NE(read({.correlation_id = text, .type = "tidy"})->id, of_a_name)
      << "it could be that of a scan's task";
}

TEST_F(ImportTest, TheMessageIdGoesBeforeTheCorrelationId) {
  const auto request = read({.message_id = "m-1", .correlation_id = kOwn, .type = "tidy"});
  EXPECT_EQ(request->dedup_key, "import/archive/m-1");
}

TEST_F(ImportTest, AMessageWithoutAnIdIsATaskOfItsOwn) {
  const auto request = read({.type = "tidy"});
  EXPECT_EQ(request->id, fresh_);
  EXPECT_EQ(request->dedup_key, "");
}

TEST_F(ImportTest, NoBodyAndNullAreNoParams) {
  EXPECT_EQ(read({.type = "tidy"})->params, "{}");
  EXPECT_EQ(read({.type = "tidy", .body = "null"})->params, "{}");
}

TEST_F(ImportTest, TypesThatAreListedAreTheOnlyOnes) {
  import_.types = {{"ipfs.add", "fetch"}};
  EXPECT_EQ(read({.type = "ipfs.add", .body = R"({"url":"u"})"})->definition, "fetch");
  EXPECT_THAT(refusal({.type = "tidy"}), HasSubstr("takes no messages of type \"tidy\""));
}

TEST_F(ImportTest, AMessageWithoutATypeIsOfTheImportsTask) {
  EXPECT_THAT(refusal({.body = "{}"}), HasSubstr("no type"));
  import_.task = "tidy";
  EXPECT_EQ(read({.body = "{}"})->definition, "tidy");
}

TEST_F(ImportTest, WhatIsMalformedIsRefusedWithTheReason) {
  EXPECT_THAT(refusal({.type = "tidi"}), HasSubstr("did you mean \"tidy\""));
  EXPECT_THAT(refusal({.type = "tidy", .body = "x"}), HasSubstr("no JSON"));
  EXPECT_THAT(refusal({.type = "tidy", .body = "[1]"}), HasSubstr("JSON object"));
  EXPECT_THAT(refusal({.type = "fetch", .body = "{}"}), HasSubstr("url"));
  const std::string large = R"({"t":")" + std::string(kParamsBytesMax, 'x') + R"("})";
  EXPECT_THAT(refusal({.type = "tidy", .body = large}), HasSubstr("params"));
}

}  // namespace
}  // namespace waybill
