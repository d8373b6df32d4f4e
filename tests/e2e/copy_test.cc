// A ledger copied as a whole, with the output of its tasks, and worked on in its new place.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kCopy = {"db",   "copy",         "--from", "sqlite:waybill-data",
                                        "--to", "sqlite:copied"};

std::vector<std::string> with(std::vector<std::string> arguments, const std::string& more) {
  arguments.push_back(more);
  return arguments;
}

TEST(CopyTest, TheCopyHasTasksTheirOutputAndWorkThatGoesOn) {
  const Place place;
  const std::string done = place.create({"--", "echo", "a word"});
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const std::string waiting = place.create({"--kind", "noop"});
  const auto planned = place.json("db copy", with(kCopy, "--dry-run"));
  EXPECT_FALSE(place.exists("copied"));
  const auto copied = place.json("db copy", kCopy);
  EXPECT_EQ(copied.at("tables"), planned.at("tables"));
  EXPECT_EQ(copied.at("output").at("tasks"), 1);
  EXPECT_THAT(place.run({"task", "logs", done, "--data", "copied"}).out, HasSubstr("a word"));
  EXPECT_EQ(place.run({"db", "check", "--data", "copied"}).status, 0);
  ASSERT_EQ(place.run({"worker", "--until-idle", "--data", "copied"}).status, 0);
  EXPECT_EQ(place.json("task show", {"task", "show", waiting, "--data", "copied"}).at("state"),
            "succeeded");
  EXPECT_EQ(place.json("task show", {"task", "show", waiting}).at("state"), "ready");
}

TEST(CopyTest, OutputIsLeftBehindWhereThatIsAsked) {
  const Place place;
  place.create({"--", "echo", "a word"});
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  EXPECT_TRUE(place.json("db copy", with(kCopy, "--without-output")).at("output").is_null());
  EXPECT_FALSE(place.exists("copied/logs"));
}

TEST(CopyTest, ALedgerThatIsWorkedOnIsNotCopied) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  const auto up = place.start({"up"});
  while (place.json("task show", {"task", "show", id}).at("state") != "succeeded") continue;
  const Ran refused = place.run(kCopy);
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("stop every `waybill serve`, `up` and `worker`"));
  EXPECT_FALSE(place.exists("copied/ledger.db"));
}

TEST(CopyTest, WhatIsThereIsNotOverwritten) {
  const Place place;
  place.create({"--kind", "noop"});
  ASSERT_EQ(place.run(kCopy).status, 0);
  const Ran again = place.run(kCopy);
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("there is a file copied/ledger.db already"));
  EXPECT_EQ(place.run(with(kCopy, "--dry-run")).status, 1) << "as without it";
}

TEST(CopyTest, APlaceThatIsNoLedgerIsAMistakeOfUse) {
  const Place place;
  const auto says = [&](const std::vector<std::string>& more, const std::string& what) {
    std::vector<std::string> arguments = {"db", "copy"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = place.run(arguments);
    EXPECT_EQ(ran.status, 2) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(what));
    EXPECT_THAT(ran.err, testing::Not(HasSubstr("hunter2")));
  };
  says({}, "--from is missing: name a ledger as sqlite:DIRECTORY");
  says({"--from", "sqlite:a"}, "--to is missing");
  says({"--from", "a.db", "--to", "sqlite:b"}, "--from: name a ledger as sqlite:DIRECTORY");
  says({"--from", "sqlite:a", "--to", "sqlite:a/ledger.db"}, "are the same ledger");
  says({"--from", "sqlite:a", "--to", "postgres://ann:hunter2@x.example/w"},
       "--to: must not hold a password");
  EXPECT_THAT(place.run(kCopy).err, HasSubstr("there is no ledger waybill-data/ledger.db"));
}

}  // namespace
}  // namespace waybill::e2e
