// What a task is given as files, and what it may not be given.

#include "kinds/command/input_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <filesystem>

#include "base/digest.h"
#include "base/json.h"
#include "kinds/command/command.h"
#include "kinds/command/test_support/recording_context.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

namespace bj = boost::json;
using testing::HasSubstr;

class InputFilesTest : public ::testing::Test {
 protected:
  InputFilesTest() {
    kind_ = CommandKind::create({.environment = inherited_environment()}, clock_).value();
  }

  /// Of a text that the store has.
  TaskInput input(const std::string& name, const std::string& text) {
    const std::string digest = to_hex(sha256(text));
    context_.contents[digest] = text;
    return {.name = name, .sha256 = digest, .size_bytes = static_cast<std::int64_t>(text.size())};
  }
  Outcome run(const std::string& script, const std::vector<TaskInput>& inputs,
              const std::string& limit = "1KiB") {
    const bj::object spec = {{"shell", json::text(script)},
                             {"inputs", to_json(inputs)},
                             {"limits", bj::object{{"inputs", json::text(limit)}}}};
    Task task;
    task.request = a_task(1).kind("command").spec(json::serialize(spec));
    task.status.attempt = 1;
    return kind_->run(task, context_);
  }
  outcome::Failed failed(const Outcome& outcome) {
    const auto* found = std::get_if<outcome::Failed>(&outcome);
    EXPECT_NE(found, nullptr);
    return found == nullptr ? outcome::Failed{} : *found;
  }

  SimClock clock_;
  std::unique_ptr<CommandKind> kind_;
  RecordingContext context_;
};

TEST_F(InputFilesTest, LieInTheDirectoryThatTheProgramBeginsIn) {
  const Outcome outcome = run("cat a.csv d/e/b.csv; cat \"$WAYBILL_INPUTS/a.csv\"",
                              {input("a.csv", "1,2\n"), input("d/e/b.csv", "3\n")});
  EXPECT_TRUE(std::holds_alternative<outcome::Succeeded>(outcome));
  EXPECT_THAT(context_.logged(LogStream::out), testing::StrEq("1,2\n3\n1,2\n"));
  EXPECT_THAT(context_.logged(LogStream::system), HasSubstr("[given 2 files, 6B]"));
}

TEST_F(InputFilesTest, AContentThatIsGoneIsAFailureThatSaysWhatToDo) {
  TaskInput gone = input("a", "x");
  context_.contents.clear();
  const outcome::Failed failure = failed(run("echo ran", {gone}));
  EXPECT_EQ(failure.failure_class, FailureClass::permanent);
  EXPECT_THAT(failure.error, HasSubstr("input \"a\": content " + gone.sha256));
  EXPECT_THAT(failure.error, HasSubstr("do that step again"));
  EXPECT_EQ(context_.logged(LogStream::out), "");
}

TEST_F(InputFilesTest, AnotherSizeThanWasSaidIsDamage) {
  TaskInput wrong = input("a", "xyz");
  wrong.size_bytes = 2;
  const outcome::Failed failure = failed(run("echo ran", {wrong}));
  EXPECT_EQ(failure.failure_class, FailureClass::permanent);
  EXPECT_THAT(failure.error, HasSubstr("has 3 bytes, and the task says 2"));
}

TEST_F(InputFilesTest, AreBoundedBeforeAnythingIsFetched) {
  const outcome::Failed failure = failed(
      run("echo ran", {input("a", std::string(600, 'x')), input("b", std::string(600, 'y'))}));
  EXPECT_EQ(failure.failure_class, FailureClass::permanent);
  EXPECT_THAT(failure.error, HasSubstr("more than 1KiB together; raise limits.inputs"));
  const std::filesystem::path scratch(context_.scratch_directory());
  EXPECT_FALSE(std::filesystem::exists(scratch / "work" / "a"));
}

TEST_F(InputFilesTest, NamesThatLeadOutAreRefusedBeforeAnythingIsWritten) {
  for (const std::string name :
       {"../a", "/tmp/a", "a/../../b", "a//b", "./a", "a\\b", "WAYBILL_PARAMS", "a\nb", ""}) {
    const outcome::Failed failure = failed(run("echo ran", {input(name, "x")}));
    EXPECT_EQ(failure.failure_class, FailureClass::permanent) << name;
    EXPECT_THAT(failure.error, HasSubstr("/inputs")) << name;
  }
  EXPECT_FALSE(failed(run("echo ran", {input("a", "x"), input("a/b", "y")})).error.empty());
  EXPECT_FALSE(failed(run("echo ran", {input("a", "x"), input("a", "x")})).error.empty());
  EXPECT_EQ(context_.logged(LogStream::out), "");
}

TEST_F(InputFilesTest, WhoeverIsAskedToStopMeanwhileStops) {
  context_.request_stop();
  TaskInput gone = input("a", "x");
  context_.contents.clear();
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(run("echo ran", {gone})));
}

TEST_F(InputFilesTest, OthersMayReadWhatIsForAll) {
  CommandSpec spec;
  spec.inputs = {input("d/a", "x")};
  const std::string given = context_.scratch_directory() + "/given";
  ASSERT_TRUE(std::filesystem::create_directory(given));
  const mode_t before = ::umask(0077);
  const Status laid = lay_inputs(spec, "given/inputs", InputReaders::all, context_);
  ::umask(before);
  ASSERT_TRUE(laid) << laid.error().message;
  namespace fs = std::filesystem;
  constexpr fs::perms kEnter = fs::perms::others_read | fs::perms::others_exec;
  for (const char* directory : {"/inputs", "/inputs/d"}) {
    EXPECT_EQ(fs::status(given + directory).permissions() & kEnter, kEnter) << directory;
  }
  EXPECT_EQ(fs::status(given + "/inputs/d/a").permissions(),
            fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
}

}  // namespace
}  // namespace waybill
