// What `waybill worker --from` makes, and says, before it reaches a broker.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> worker(const std::vector<std::string>& options) {
  std::vector<std::string> arguments = {"worker",
                                        "--from",
                                        "amqp",
                                        "--queue",
                                        "q",
                                        "--amqp-url",
                                        "amqp://127.0.0.1:1",
                                        "--rejected-topic",
                                        "file:///dev/null"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.insert(arguments.end(), {"--", "cat"});
  return arguments;
}

TEST(WorkerFromTest, ItsDataDirectoryIsForItsOwnerAlone) {
  const Place place;
  const auto running = place.start(worker({"--data", "kept"}));
  running->wait_for_output("worker_started");
  EXPECT_EQ(fs::status(place.path("kept")).permissions(), fs::perms::owner_all);
}

TEST(WorkerFromTest, ADirectoryThatIsThereKeepsItsPermissions) {
  const Place place;
  place.write("kept/file", "");
  fs::permissions(place.path("kept"), fs::perms(0750));
  const auto running = place.start(worker({"--data", "kept"}));
  running->wait_for_output("worker_started");
  EXPECT_EQ(fs::status(place.path("kept")).permissions(), fs::perms(0750));
}

TEST(WorkerFromTest, ATemporaryDirectoryThatIsNotThereIsNamed) {
  Place place;
  place.write("file", "");
  for (const std::string& directory : {std::string("/nonexistent"), place.path("file")}) {
    place.environment["TMPDIR"] = directory;
    const Ran ran = place.run(worker({}));
    EXPECT_EQ(ran.status, 1) << ran.err;
    EXPECT_THAT(ran.err, AllOf(HasSubstr("in " + directory + ":"), HasSubstr("set TMPDIR"),
                               HasSubstr("--data DIR"), Not(HasSubstr("a bug"))));
  }
}

TEST(WorkerFromTest, WithADataDirectoryItNeedsNoTemporaryOne) {
  Place place;
  place.environment["TMPDIR"] = "/nonexistent";
  place.start(worker({"--data", "kept"}))->wait_for_output("worker_started");
  for (const std::string command : {"worker", "up"}) {
    const Ran ran = place.run({command, "--until-idle"});
    EXPECT_EQ(ran.status, 0) << ran.err;
  }
}

TEST(WorkerFromTest, AWrongCommandLineMakesNothing) {
  const Place place;
  const Ran ran =
      place.run({"worker", "--from", "amqp", "--queue", "q", "--data", "kept", "--", "cat"});
  EXPECT_EQ(ran.status, 2) << ran.err;
  EXPECT_FALSE(place.exists("kept"));
}

}  // namespace
}  // namespace waybill::e2e
