// The files that tasks leave behind, from outside.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <set>

#include "base/digest.h"
#include "base/file_descriptor.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string a_shell_task(const Place& place, const std::string& script) {
  return place.create({"--", "sh", "-c", script});
}

std::string state_of(const Place& place, const std::string& id) {
  return std::string(place.json("task show", {"task", "show", id}).at("state").as_string());
}

std::vector<std::string> names_of(const Place& place, const std::string& id) {
  std::vector<std::string> names;
  const auto listed = place.json("artifact list", {"artifact", "list", id});
  for (const auto& artifact : listed.at("artifacts").as_array()) {
    names.emplace_back(artifact.at("name").as_string());
  }
  return names;
}

/// Files in the store, whether anybody has them or not.
std::size_t contents(const Place& place) {
  std::size_t count = 0;
  const fs::path store = place.path("waybill-data/artifacts/sha256");
  if (!fs::exists(store)) return 0;
  for (const auto& entry : fs::recursive_directory_iterator(store))
    count += entry.is_regular_file();
  return count;
}

TEST(ArtifactsTest, WhatATaskLeavesIsListedAndCopied) {
  const Place place;
  const std::string id = a_shell_task(
      place,
      "mkdir $WAYBILL_ARTIFACTS/out; printf 1,2 > $WAYBILL_ARTIFACTS/out/a.csv; "
      "printf x > b; echo '{\"artifact\": {\"path\": \"b\", \"media_type\": \"text/x-b\"}}' >&3");
  EXPECT_THAT(names_of(place, id), IsEmpty());
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const auto listed = place.json("artifact list", {"artifact", "list", id});
  EXPECT_THAT(names_of(place, id), ElementsAre("b", "out/a.csv"));
  const auto& csv = listed.at("artifacts").at(1);
  EXPECT_EQ(csv.at("sha256"), to_hex(sha256("1,2")).c_str());
  EXPECT_EQ(csv.at("size_bytes"), 3);
  EXPECT_EQ(csv.at("media_type"), "text/csv");
  EXPECT_EQ(listed.at("artifacts").at(0).at("media_type"), "text/x-b");
  EXPECT_THAT(place.run({"artifact", "list", id}).out, HasSubstr("out/a.csv"));
  EXPECT_EQ(place.run({"artifact", "get", id, "out/a.csv"}).out, "1,2");
  const auto got =
      place.json("artifact get", {"artifact", "get", id, "out/a.csv", "--output", "copy.csv"});
  EXPECT_EQ(got.at("output"), "copy.csv");
  EXPECT_EQ(place.read("copy.csv"), "1,2");
  EXPECT_THAT(place.run({"task", "logs", id}).out, HasSubstr("[kept 2 artifacts, 4B]"));
}

TEST(ArtifactsTest, WhatIsThereAndNoFileIsWrittenThrough) {
  const Place place;
  const std::string id = a_shell_task(place, "printf abc > $WAYBILL_ARTIFACTS/a");
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  ASSERT_EQ(::mkfifo(place.path("fifo").c_str(), 0600), 0);
  // Open for both, so that nobody waits for the other.
  const FileDescriptor fifo(::open(place.path("fifo").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(fifo.is_open());
  ASSERT_EQ(place.run({"artifact", "get", id, "a", "--output", "fifo"}).status, 0);
  EXPECT_TRUE(fs::is_fifo(place.path("fifo")));
  char bytes[4] = {};
  EXPECT_EQ(::read(fifo.get(), bytes, sizeof bytes), 3);
  EXPECT_STREQ(bytes, "abc");
  place.write("target", "before, and longer");
  fs::create_symlink("target", place.path("link"));
  ASSERT_EQ(place.run({"artifact", "get", id, "a", "--output", "link"}).status, 0);
  EXPECT_TRUE(fs::is_symlink(place.path("link")));
  EXPECT_EQ(place.read("target"), "abc");
  fs::create_symlink("new", place.path("dangling"));
  ASSERT_EQ(place.run({"artifact", "get", id, "a", "--output", "dangling"}).status, 0);
  EXPECT_EQ(place.read("new"), "abc");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(place.directory())) {
    names.insert(entry.path().filename());
  }
  EXPECT_THAT(names, testing::Not(testing::Contains(HasSubstr("unfinished"))));
}

TEST(ArtifactsTest, ASecondLedgerOnAStoreRemovesNothing) {
  const Place place;
  const std::string id = a_shell_task(place, "printf abc > $WAYBILL_ARTIFACTS/a");
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const std::string digest = to_hex(sha256("abc"));
  const std::string file =
      place.path("waybill-data/artifacts/sha256/" + digest.substr(0, 2) + "/" + digest.substr(2));
  fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(2));
  const auto drill =
      place.start({"up", "--data", "drill", "--artifact-store", "waybill-data/artifacts"});
  drill->wait_for_output("the artifact store is another ledger's");
  drill->signal(SIGTERM);
  drill->wait();
  EXPECT_EQ(place.run({"artifact", "get", id, "a"}).out, "abc");
}

TEST(ArtifactsTest, WhatIsNotThereIsSaidSo) {
  const Place place;
  const std::string id = a_shell_task(place, "true");
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  EXPECT_THAT(place.run({"artifact", "list", id}).err, HasSubstr("it has left none"));
  const Ran ran = place.run({"artifact", "get", id, "a"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("no such artifact; `waybill artifact list " + id));
  EXPECT_EQ(place.run({"artifact", "get", id, "a", "--json"}).status, 2);
}

TEST(ArtifactsTest, DamageIsSeenAndNothingIsWritten) {
  const Place place;
  const std::string id = a_shell_task(place, "printf abc > $WAYBILL_ARTIFACTS/a");
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const std::string digest = to_hex(sha256("abc"));
  const std::string file =
      "waybill-data/artifacts/sha256/" + digest.substr(0, 2) + "/" + digest.substr(2);
  ASSERT_TRUE(place.exists(file));
  fs::permissions(place.path(file), fs::perms::owner_all);
  place.write(file, "abd");
  const Ran ran = place.run({"artifact", "get", id, "a", "--output", "copy"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("damaged"));
  EXPECT_FALSE(place.exists("copy"));
}

TEST(ArtifactsTest, LinksAreNotFollowedAndHostileNamesFailTheTask) {
  const Place place;
  place.write("secret", "secret");
  const std::string linked = a_shell_task(
      place, "ln -s " + place.path("secret") + " $WAYBILL_ARTIFACTS/a; ln -s " + place.directory() +
                 " $WAYBILL_ARTIFACTS/b; printf x > $WAYBILL_ARTIFACTS/c");
  const std::string replaced = a_shell_task(
      place, "rmdir $WAYBILL_ARTIFACTS; ln -s " + place.directory() + " $WAYBILL_ARTIFACTS");
  const std::string named = a_shell_task(place, "touch \"$WAYBILL_ARTIFACTS/$(printf 'a\\nb')\"");
  const std::string escaping = a_shell_task(
      place, "echo '{\"artifact\": {\"path\": \"" + place.path("secret") + "\"}}' >&3");
  const std::string climbing = a_shell_task(place,
                                            "touch a; echo '{\"artifact\": {\"path\": \"a\", "
                                            "\"name\": \"../../a\"}}' >&3");
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  EXPECT_THAT(names_of(place, linked), ElementsAre("c"));
  EXPECT_THAT(place.run({"task", "logs", linked}).out, HasSubstr("[no artifact: a is a link]"));
  for (const std::string& id : {replaced, named, escaping, climbing}) {
    EXPECT_EQ(state_of(place, id), "failed") << id;
    EXPECT_THAT(names_of(place, id), IsEmpty());
    EXPECT_THAT(place.run({"task", "show", id}).out, HasSubstr("its artifacts were not kept"));
  }
  EXPECT_EQ(contents(place), 1u);
}

TEST(ArtifactsTest, WhatAFailedAttemptLeftIsNotTheTasks) {
  const Place place;
  const std::string id =
      place.create({"--", "sh", "-c",
                    "printf $WAYBILL_ATTEMPT > $WAYBILL_ARTIFACTS/of-$WAYBILL_ATTEMPT; "
                    "test $WAYBILL_ATTEMPT = 2 || exit 75"});
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  EXPECT_THAT(names_of(place, id), ElementsAre("of-2"));
}

TEST(ArtifactsTest, AGreatFileIsKeptWithoutBeingHeldInMemory) {
  const Place place;
  const std::string id = a_shell_task(place, "truncate -s 300M $WAYBILL_ARTIFACTS/sparse");
  ASSERT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const auto listed = place.json("artifact list", {"artifact", "list", id});
  EXPECT_EQ(listed.at("artifacts").at(0).at("size_bytes"), 300 << 20);
  // Of 300 MiB of zeros.
  const Ran got = place.run({"artifact", "get", id, "sparse", "--output", "copy"});
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(fs::file_size(place.path("copy")), 300u << 20);
}

TEST(ArtifactsTest, AFullDiskIsATransientFailureThatSaysWhyAndAnotherAttemptSucceeds) {
  Place place;
  const std::string id =
      place.create({"--failures", "2", "--", "sh", "-c",
                    "test $WAYBILL_ATTEMPT = 2 || truncate -s 3M $WAYBILL_ARTIFACTS/b;"
                    "printf x > $WAYBILL_ARTIFACTS/a"});
  fs::create_directory(place.path("waybill-data/artifacts"));
  const std::string mount = "mount -t tmpfs -o size=1m none waybill-data/artifacts && ";
  place.wrapper = {"unshare",
                   "-rm",
                   "sh",
                   "-c",
                   mount + "\"$@\"; s=$?; cp -r waybill-data/artifacts kept; exit $s",
                   "sh"};
  const Ran ran = place.run({"worker", "--until-idle"});
  if (ran.err.find("unshare:") != ran.err.npos || ran.err.find("mount:") != ran.err.npos) {
    GTEST_SKIP() << "no small file system can be made here: " << ran.err;
  }
  place.wrapper.clear();
  EXPECT_EQ(ran.status, 0) << ran.err;
  const auto shown = place.json("task show", {"task", "show", id});
  EXPECT_EQ(shown.at("failures"), 1);
  EXPECT_THAT(std::string(shown.at("history").at(2).at("reason").as_string()),
              HasSubstr("No space left on device; free space on its file system"));
  EXPECT_THAT(names_of(place, id), ElementsAre("a"));
  EXPECT_TRUE(fs::is_empty(place.path("kept/unfinished")));
}

TEST(ArtifactsTest, AWorkerThatIsKilledWhileItKeepsThemLosesAndDoublesNothing) {
  const Place place;
  // Attempts of so many files that a kill meets the middle of it, at a different moment each.
  const std::string id = place.create(
      {"--", "sh", "-c",
       "i=0; while [ $i -lt 300 ]; do echo $i > $WAYBILL_ARTIFACTS/$i; i=$((i+1)); done"});
  int killed = 0;
  for (const std::size_t stop_at : {40u, 120u}) {  // a third death would be poison
    const auto worker = place.start({"worker", "--lease", "2s", "--beat", "500ms"});
    // Nothing tells but the store itself; an attempt that has ended before is fine too.
    for (int i = 0; i < 3000 && contents(place) < stop_at; ++i) {
      if (state_of(place, id) == "succeeded") break;
    }
    worker->signal(SIGKILL);
    worker->wait();
    killed += state_of(place, id) == "leased";
  }
  EXPECT_GT(killed, 0) << "no kill met an attempt under way";
  const auto worker = place.start({"up"});
  const auto waited = place.json("tasks", {"task", "wait", id, "--for", "60s"});
  EXPECT_EQ(waited.at("tasks").at(0).at("state"), "succeeded");
  EXPECT_EQ(names_of(place, id).size(), 300u);
  EXPECT_EQ(contents(place), 300u);
  for (const char* name : {"0", "150", "299"}) {
    EXPECT_EQ(place.run({"artifact", "get", id, name}).out, std::string(name) + "\n");
  }
}

}  // namespace
}  // namespace waybill::e2e
