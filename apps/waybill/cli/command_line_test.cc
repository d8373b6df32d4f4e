#include "apps/waybill/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<Command> kCommands = {
    {.path = "task list",
     .summary = "List",
     .options = {{"state", "STATE", "", Option::Times::many}, {"all", "", "", {}, 'a'}}},
    {.path = "task logs", .summary = "Logs", .positionals = {{"ID", "the id"}}},
    {.path = "run", .summary = "Run", .rest = "PROGRAM"}};

Result<Parsed> parse(const std::vector<std::string>& arguments) {
  return parse_command_line(kCommands, arguments);
}

std::string message_of(const std::vector<std::string>& arguments) {
  const auto parsed = parse(arguments);
  return parsed ? "" : parsed.error().message;
}

TEST(CommandLineTest, ReadsOptionsInEveryForm) {
  const auto parsed = parse({"task", "list", "--state", "ready", "--state=failed", "-a"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->command, &kCommands[0]);
  EXPECT_THAT(parsed->invocation.texts("state"), ElementsAre("ready", "failed"));
  EXPECT_TRUE(parsed->invocation.has("all"));
  EXPECT_FALSE(parsed->invocation.has("json"));
}

TEST(CommandLineTest, EveryCommandTakesSettingsAndCommonOptions) {
  const auto parsed = parse({"task", "list", "--json", "--data", "/d", "--log-level", "warn"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(parsed->invocation.has("json"));
  EXPECT_EQ(parsed->invocation.text("data"), "/d");
  EXPECT_EQ(parsed->invocation.text("log-level"), "warn");
}

TEST(CommandLineTest, TheLastOfAnOptionThatIsGivenTwiceCounts) {
  const auto parsed = parse({"task", "list", "--data", "a", "--data", "b"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->invocation.text("data"), "b");
}

TEST(CommandLineTest, PositionalsAndOptionsMayBeMixed) {
  const auto parsed = parse({"task", "logs", "--json", "0192"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(parsed->invocation.positionals, ElementsAre("0192"));
}

TEST(CommandLineTest, WhatStandsBehindTwoDashesIsLeftAlone) {
  const auto parsed = parse({"run", "--json", "--", "ls", "--all", "--", "-x"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(parsed->invocation.rest, ElementsAre("ls", "--all", "--", "-x"));
  EXPECT_THAT(message_of({"task", "list", "--", "x"}), HasSubstr("nothing can stand behind --"));
}

TEST(CommandLineTest, HelpNeedsNoArguments) {
  const auto parsed = parse({"task", "logs", "-h"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(parsed->invocation.has("help"));
  EXPECT_EQ(parse({"task", "--help"})->topic, "task");
  EXPECT_EQ(parse({})->command, nullptr);
}

TEST(CommandLineTest, ErrorsSayWhatIsWrongAndWhereHelpIs) {
  EXPECT_THAT(message_of({"task", "logs"}),
              HasSubstr("ID is missing: the id; see `waybill task logs --help`"));
  EXPECT_THAT(message_of({"task", "logs", "a", "b"}), HasSubstr("\"b\" is one argument too many"));
  EXPECT_THAT(message_of({"task", "list", "--stat", "x"}),
              HasSubstr("unknown option --stat; did you mean \"--state\"?"));
  EXPECT_THAT(message_of({"task", "lits"}), HasSubstr("did you mean \"list\"?"));
  EXPECT_THAT(message_of({"taks"}), HasSubstr("did you mean \"task\"?"));
  EXPECT_THAT(message_of({"task"}), HasSubstr("waybill task what? list, logs"));
  EXPECT_THAT(message_of({"task", "list", "--state"}), HasSubstr("--state"));
  EXPECT_THAT(message_of({"--json", "task", "list"}),
              HasSubstr("--json stands before the command; options come after it"));
}

TEST(CommandLineTest, HelpOnWhatIsNotThereIsAnError) {
  EXPECT_THAT(message_of({"task", "lits", "--help"}), HasSubstr("did you mean \"list\"?"));
  EXPECT_THAT(message_of({"help", "task", "lits"}), HasSubstr("did you mean \"list\"?"));
  EXPECT_THAT(message_of({"help", "taks"}), HasSubstr("did you mean \"task\"?"));
  EXPECT_EQ(parse({"help", "task"})->topic, "task");
  EXPECT_EQ(parse({"help"})->topic, "");
}

}  // namespace
}  // namespace waybill::cli
