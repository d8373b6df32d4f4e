// Definitions followed from a repository at a local path; tests/definitions has the rest.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <string>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::HasSubstr;

void git(const Place& place, const std::string& words) {
  const std::string command = "cd '" + place.path("defs") +
                              "' && env -i PATH=\"$PATH\" HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 "
                              "GIT_CONFIG_GLOBAL=/dev/null"
                              " git -c user.name=a -c user.email=a@example " +
                              words + " >/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

class DefinitionsTest : public testing::Test {
 protected:
  DefinitionsTest() {
    place_.write("defs/a.yaml", "tasks:\n  one: {kind: noop}\n");
    git(place_, "init --quiet --initial-branch=main");
    commit();
  }
  void commit() {
    git(place_, "add --all");
    git(place_, "commit --quiet -m change");
  }
  std::vector<std::string> with_source(std::vector<std::string> words) const {
    words.insert(words.end(), {"--definitions-from", place_.path("defs") + "#main"});
    return words;
  }

  Place place_;
};

TEST_F(DefinitionsTest, AreSyncedListedAndShown) {
  const auto dry =
      place_.json("definitions sync", with_source({"definitions", "sync", "--dry-run"}));
  EXPECT_EQ(dry.at("dry_run"), true);
  const auto synced = place_.json("definitions sync", with_source({"definitions", "sync"}));
  const auto listed = place_.json("definitions list", with_source({"definitions", "list"}));
  EXPECT_EQ(listed.at("sources"), synced.at("sources"));
  EXPECT_EQ(listed.at("definitions").at(0).at("source").at("file"), "a.yaml");
  const auto shown = place_.json("definitions show", with_source({"definitions", "show", "one"}));
  EXPECT_EQ(shown.at("definitions").at(0).at("definition").at("kind"), "noop");
  EXPECT_THAT(place_.run(with_source({"definitions", "show", "onee"})).err,
              HasSubstr("did you mean \"one\"?"));
}

TEST_F(DefinitionsTest, OfTwoFilesThatDefineOneScheduleTheFirstKeepsIt) {
  const std::string schedule = "tasks: {t: {kind: noop}}\nschedules: {nightly: {task: t, cron: ";
  place_.write("first/a.yaml", schedule + "'@daily'}}\n");
  place_.write("second/b.yaml", schedule + "'@hourly'}}\n");
  place_.write("both/a.yaml", schedule + "'@daily'}}\n");
  place_.write("both/b.yaml", "schedules: {nightly: {task: t, cron: '@hourly'}}\n");
  const auto cron = [&] {
    return std::string(
        place_.json("schedule show", {"schedule", "show", "nightly"}).at("cron").as_string());
  };
  EXPECT_EQ(place_.run({"up", "--until-idle", "--definitions", "first"}).status, 0);
  const Ran second = place_.run({"up", "--until-idle", "--definitions", "second"});
  EXPECT_EQ(second.status, 0) << "all else of it holds";
  EXPECT_THAT(second.err, HasSubstr("b.yaml"));
  EXPECT_THAT(second.err, HasSubstr("first/a.yaml already, which keeps it"));
  EXPECT_EQ(cron(), "@daily");
  // A commit that defines it too: sync tells, with the place.
  place_.write("defs/a.yaml", schedule + "'@weekly'}}\n");
  commit();
  const Ran synced = place_.run(with_source({"definitions", "sync", "--json"}));
  EXPECT_EQ(synced.status, 1);
  EXPECT_THAT(synced.out, HasSubstr("a.yaml already, which keeps it"));
  EXPECT_EQ(cron(), "@daily");
  // Within one check it is told which came first.
  const Ran checked = place_.run({"definitions", "check", "both"});
  EXPECT_EQ(checked.status, 1);
  EXPECT_THAT(checked.out, HasSubstr("is defined twice; the first is at both/a.yaml"));
  // Taken away first, it is the other's.
  EXPECT_EQ(place_.run({"schedule", "remove", "nightly"}).status, 0);
  EXPECT_EQ(place_.run({"up", "--until-idle", "--definitions", "second"}).status, 0);
  EXPECT_EQ(cron(), "@hourly");
}

TEST_F(DefinitionsTest, WithoutARepositoryThereIsNothingToSync) {
  const Ran ran = place_.run({"definitions", "sync"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--definitions-from"));
}

TEST_F(DefinitionsTest, ACheckNamesThePlaceAndShowsTheDifference) {
  place_.write("defs/a.yaml", "tasks:\n  one: {kind: noop, priority: 5}\n  two: {kind: nop}\n");
  const Ran ran = place_.run({"definitions", "check", "defs"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out, "defs/a.yaml:3:15: there is no kind \"nop\"; did you mean \"noop\"?\n");
  const auto json =
      place_.json("definitions check",
                  {"definitions", "check", "defs", "--against", place_.path("defs") + "#main"}, 1);
  EXPECT_EQ(json.at("differences").at(0).at("is"), "changed");
  EXPECT_EQ(json.at("differences").at(0).at("fields").at(0).at("field"), "priority");
  EXPECT_EQ(json.at("differences").at(1).at("is"), "added");
}

}  // namespace
}  // namespace waybill::e2e
