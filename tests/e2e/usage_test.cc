// What the program says to those who ask wrongly, or for help.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <regex>

#include "base/json.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::vector<std::string>> every_command(const std::string& overview) {
  std::vector<std::vector<std::string>> commands;
  static const std::regex kLine("\n  waybill ([a-z-]+)( [a-z]+)?  +[A-Z]");
  for (std::sregex_iterator it(overview.begin(), overview.end(), kLine), end; it != end; ++it) {
    commands.push_back({(*it)[1]});
    if ((*it)[2].matched) commands.back().push_back(it->str(2).substr(1));
  }
  return commands;
}

TEST(UsageTest, WithoutArgumentsItListsItsCommands) {
  const Place place;
  const Ran ran = place.run({});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("waybill task create"));
  EXPECT_EQ(every_command(ran.out).size(), 80U) << ran.out;
}

TEST(UsageTest, HelpOnEveryCommandOpensWithExamples) {
  const Place place;
  for (auto command : every_command(place.run({}).out)) {
    command.emplace_back("--help");
    const Ran ran = place.run(command);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, StartsWith("Examples:\n  "));
    EXPECT_THAT(ran.out, HasSubstr("Usage: waybill " + command[0]));
  }
}

TEST(UsageTest, HelpOnANounListsItsVerbs) {
  const Place place;
  EXPECT_THAT(place.run({"task", "--help"}).out, HasSubstr("waybill task why"));
  EXPECT_THAT(place.run({"help", "task", "list"}).out, StartsWith("Examples:\n"));
}

struct Wrong {
  const char* name;
  std::vector<std::string> arguments;
  const char* message;
};

class WrongUsageTest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongUsageTest, EndsWithTwoAndSaysWhatToDo) {
  const Place place;
  const Ran ran = place.run(GetParam().arguments);
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr(GetParam().message));
}

const Wrong kWrong[] = {
    {"Command", {"tsak"}, "unknown command \"tsak\"; did you mean \"task\"?"},
    {"Verb", {"task", "lst"}, "did you mean \"list\"?"},
    {"NoVerb", {"task"}, "waybill task what?"},
    {"Option", {"task", "list", "--stat", "failed"}, "did you mean \"--state\"?"},
    {"MissingArgument", {"task", "show"}, "ID is missing: the task's id, or its beginning"},
    {"ExtraArgument", {"version", "please"}, "\"please\" is one argument too many"},
    {"State", {"task", "list", "--state", "faild"}, "did you mean \"failed\"?"},
    {"Number", {"task", "list", "--limit", "many"}, "--limit: \"many\" is no whole number"},
    {"Priority",
     {"task", "create", "--kind", "noop", "--priority", "4294967296"},
     "--priority: 4294967296 is outside of -100..100"},
    {"Failures",
     {"task", "create", "--kind", "noop", "--failures", "-1"},
     "--failures: -1 is outside of 1..1000000"},
    {"Duration", {"task", "create", "--delay", "soon", "--", "true"}, "--delay"},
    {"NothingToCreate", {"task", "create"}, "which task?"},
    {"Kind", {"task", "create", "--kind", "nop"}, "did you mean \"noop\"?"},
    {"Params", {"task", "create", "--kind", "noop", "--params", "[1]"}, "has to be a JSON object"},
    {"NegativeDelay", {"task", "create", "--delay", "-5s", "--", "true"}, "must not be negative"},
    {"NegativeTimeout",
     {"task", "create", "--timeout", "-5s", "--", "true"},
     "--timeout: -5s must not be negative"},
    {"NegativeSince", {"task", "list", "--since=-1h"}, "--since: -1h must not be negative"},
    {"NegativeFor", {"task", "wait", "0192f3c1", "--for=-1s"}, "--for: -1s must not be negative"},
    {"NegativeAttempt", {"task", "logs", "0192f3c1", "--attempt=-1"}, "--attempt: -1 is outside"},
    {"UnquotedCron",
     {"schedule", "add", "n", "0", "3", "*", "*", "*", "--", "true"},
     "a cron expression is one argument: put it in quotes"},
    {"NoTaskOfASchedule", {"schedule", "add", "n", "@daily"}, "see `waybill schedule add --help`"},
    {"EmptyData", {"task", "list", "--data", ""}, "--data: must not be empty"},
    {"QueueName", {"worker", "--queues", "a,B c"}, "--queues: \"B c\" must be"},
    {"Spec", {"task", "create", "--kind", "noop", "--spec", "{bad"}, "--spec: not JSON"},
    {"ProgramAndKind",
     {"task", "create", "--kind", "noop", "--", "touch", "x"},
     "--kind noop runs no program"},
    {"ProgramAndSpec",
     {"task", "create", "--spec", R"({"shell": "x"})", "--", "true"},
     "--spec: it names a program"},
    {"DefinitionAndSpec", {"task", "create", "sum", "--spec", "{}"}, "stands in its definition"},
    {"SpecOfProgram",
     {"task", "create", "--spec", R"({"limit": {}})", "--", "true"},
     "did you mean \"limits\"?"},
    {"MissingValue", {"task", "list", "--limit"}, "--limit: a value is missing"},
    {"Setting", {"version", "--slots", "0"}, "  --slots: \"0\" is outside of 1..1024"},
    {"Rest", {"version", "--", "x"}, "nothing can stand behind --"},
    {"FromMissing", {"worker", "--queue", "q"}, "A queue of the ledger is named by --queues"},
    {"QueuePassword", {"up", "--queue", "amqp://a:b@host"}, "WAYBILL_AMQP_URL"},
    {"QueueUnknown", {"serve", "--queue", "redis://host"}, "names no broker; give amqp://"},
    {"FromMissingIdle", {"worker", "--idle", "3s"}, "--idle goes with --from; name a kind of"},
    {"FromMissingConcurrency", {"worker", "--concurrency", "3"}, "are set by --slots"},
    {"FromMissingCommand", {"worker", "--", "cat"}, "a command goes with --from"},
    {"FromEmpty", {"worker", "--from", "", "--", "cat"}, "--from is missing: the kind of broker"},
    {"FromConcurrency",
     {"worker", "--from", "amqp", "--queue", "q", "--concurrency", "0", "--", "cat"},
     "--concurrency: 0 is outside of 1..1024"},
    {"FromIdle",
     {"worker", "--from", "amqp", "--queue", "q", "--idle=-1s", "--", "cat"},
     "--idle: -1s is outside of 0s..1h"},
    {"FromVisibility",
     {"worker", "--from", "gcp-pubsub", "--queue", "q", "--visibility", "1h", "--", "cat"},
     "--visibility: 1h is outside of 2s..10m"},
    {"FromTwoEnds",
     {"worker", "--from", "amqp", "--queue", "q", "--once", "--until-empty", "--", "cat"},
     "--once and --until-empty: give one of them"},
    {"FromUntilIdle",
     {"worker", "--from", "amqp", "--queue", "q", "--until-idle", "--", "cat"},
     "with --from give --until-empty"},
    {"FromSlots",
     {"worker", "--from", "amqp", "--queue", "q", "--slots", "3", "--", "cat"},
     "with --from give --concurrency"},
    {"ScanEvery", {"scan", "--every=-1s"}, "--every: -1s must not be negative"},
    {"ReplayFrom", {"replay", "--queue", "q", "--to", "w"}, "--from is missing: the kind of"},
    {"ReplayLimit",
     {"replay", "--from", "amqp", "--queue", "q", "--to", "w", "--limit", "0"},
     "--limit: 0 must be at least 1"},
    {"ReplayAge",
     {"replay", "--from", "amqp", "--queue", "q", "--to", "w", "--older-than=-1s"},
     "--older-than: -1s is outside of 0s.."},
    {"HugeNumberWithoutAMaximum",
     {"replay", "--from", "amqp", "--queue", "a", "--to", "b", "--limit", "99999999999999999999"},
     "--limit: 99999999999999999999 is outside of 1..9223372036854775807"},
    {"HugeNumber",
     {"task", "list", "--limit", "99999999999999999999"},
     "--limit: 99999999999999999999 is outside of 1..10000"},
    {"FromKind", {"worker", "--from", "amqpp"}, "did you mean \"amqp\"?"},
    {"FromQueue", {"worker", "--from", "amqp", "--", "cat"}, "--queue is missing"},
    {"FromCommand", {"worker", "--from", "amqp", "--queue", "q"}, "the command is missing"},
    {"FromPassword",
     {"replay", "--from", "amqp", "--queue", "q", "--amqp-url", "amqp://a:b@h"},
     "--amqp-url holds a password"},
    {"FromPasswordWithSlash",
     {"worker", "--from", "amqp", "--queue", "q", "--amqp-url", "amqp://a:b/c@h", "--", "cat"},
     "--amqp-url holds a password"},
    {"FromTwoUrls",
     {"worker", "--from", "amqp", "--queue", "q", "--amqp-url", "amqp://h", "--amqp-url-file", "f",
      "--", "cat"},
     "--amqp-url and --amqp-url-file: give one of them"},
    {"FromNoUrl",
     {"worker", "--from", "amqp", "--queue", "q", "--", "cat"},
     "where is RabbitMQ? Set WAYBILL_AMQP_URL"},
    {"FromRejectsToItself",
     {"worker", "--from", "amqp", "--queue", "q", "--rejected-topic", "q", "--amqp-url", "amqp://h",
      "--", "cat"},
     "--rejected-topic is the same as --queue"},
    {"ReplayToItself",
     {"replay", "--from", "amqp", "--queue", "q", "--to", "q"},
     "--to is the same as --queue: each message would come back"},
    {"ReplayToItsOwnSubscription",
     {"replay", "--from", "gcp-pubsub", "--gcp-project-id", "p", "--queue",
      "projects/p/subscriptions/a", "--to", "a"},
     "--to is the same as --queue"},
    {"ReplayTo", {"replay", "--from", "amqp", "--queue", "q"}, "--to is missing"},
    {"ReplayMatch",
     {"replay", "--from", "amqp", "--queue", "q", "--to", "w", "--match", "x"},
     "is not of the form field=value"},
};

INSTANTIATE_TEST_SUITE_P(Usage, WrongUsageTest, testing::ValuesIn(kWrong),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(UsageTest, AfterJsonErrorsAreJson) {
  const Place place;
  const Ran ran = place.run({"task", "list", "--json"});
  EXPECT_EQ(ran.status, 1);
  const auto error = json::parse(ran.err);
  ASSERT_TRUE(error) << ran.err;
  EXPECT_EQ(violations("error", *error), "");
  EXPECT_EQ(error->at("error").at("code"), "not_found");
}

TEST(UsageTest, ALedgerThatIsNotThereIsNotMade) {
  const Place place;
  for (std::vector<std::string> command :
       {std::vector<std::string>{"task", "list"}, {"queue", "resume", "q"}, {"db", "migrate"}}) {
    command.insert(command.end(), {"--data", "nowhere"});
    const Ran ran = place.run(command);
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("there is no ledger nowhere/ledger.db; make one with"));
    EXPECT_FALSE(place.exists("nowhere"));
  }
}

TEST(UsageTest, AnEmptyFileIsNoHealthyLedger) {
  const Place place;
  place.write("waybill-data/ledger.db", "");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"task", "list"}, {"db", "check"}, {"queue", "resume", "q"}}) {
    const Ran ran = place.run(command);
    EXPECT_EQ(ran.status, 1) << command[0];
    EXPECT_THAT(ran.err, HasSubstr("waybill-data/ledger.db is an empty file"));
  }
  EXPECT_EQ(place.read("waybill-data/ledger.db"), "");
}

TEST(UsageTest, ADirectoryThatMayNotBeEnteredIsNotCalledEmpty) {
  Place place;
  place.create({"--kind", "noop"});
  ASSERT_EQ(::chmod(place.path("waybill-data").c_str(), 0), 0);
  if (::geteuid() == 0) {  // whom permission bits do not bind
    place.wrapper = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  }
  ASSERT_EQ(::chmod(place.directory().c_str(), 0755), 0);
  if (place.run({"version"}).status != 0) GTEST_SKIP() << "another user cannot run the program";
  const Ran ran = place.run({"task", "list"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("looking for the ledger ./waybill-data/ledger.db: Permission"));
  ::chmod(place.path("waybill-data").c_str(), 0755);
}

TEST(UsageTest, OutputThatCannotBeWrittenIsAnError) {
  Place place;
  place.create({"--kind", "noop"});
  place.stdout_path = "/dev/full";
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"task", "list"}, {"task", "list", "--json"}, {"db", "export"}}) {
    EXPECT_THAT(place.start(command)->wait().status, AnyOf(69, 75)) << command.back();
  }
}

TEST(UsageTest, NamesCannotSteerATerminal) {
  const Place place;
  const std::string id = place.create({"--kind", "noop", "--label", "a=\u202e\u009b31m"});
  const Ran shown = place.run({"task", "show", id});
  EXPECT_THAT(shown.out, HasSubstr("a=??31m"));
  EXPECT_THAT(place.run({"task", "list", "--state", "\x1b[2J"}).err, Not(HasSubstr("\x1b")));
}

TEST(UsageTest, AMisspeltQueueIsSeen) {
  const Place place;
  place.create({"--kind", "noop", "--queue", "intake"});
  const Ran paused = place.run({"queue", "pause", "intak"});
  EXPECT_EQ(paused.status, 1);
  EXPECT_THAT(paused.err, HasSubstr("did you mean \"intake\"?"));
  EXPECT_THAT(place.run({"queue", "list"}).out, Not(HasSubstr("intak ")));
  const Ran resumed = place.run({"queue", "resume", "intke"});
  EXPECT_EQ(resumed.status, 1);
  EXPECT_THAT(resumed.err, HasSubstr("did you mean \"intake\"?"));
}

TEST(UsageTest, AQueueThatOnlyADefinitionNamesIsPaused) {
  const Place place;
  place.write("defs/d.yaml", "tasks: {t: {kind: noop, queue: planned}}\nqueues: {kept: {}}\n");
  for (const char* queue : {"planned", "kept"}) {
    const Ran ran = place.run({"queue", "pause", queue, "--definitions", "defs"});
    EXPECT_EQ(ran.status, 0) << ran.err;
  }
  EXPECT_EQ(place.run({"queue", "pause", "nobodys"}).status, 1);
  EXPECT_EQ(place.run({"queue", "resume", "planned"}).status, 0);
}

TEST(UsageTest, AWholeNumberIsKeptOrRefused) {
  const Place place;
  const auto params = [&](const std::vector<std::string>& words) {
    std::vector<std::string> all = {"task", "create", "--kind", "noop", "--dry-run"};
    all.insert(all.end(), words.begin(), words.end());
    return place.json("task create", all).at("task").at("params").as_object();
  };
  EXPECT_EQ(params({"--param", "n=18446744073709551615"}).at("n").as_uint64(), ~std::uint64_t{0});
  EXPECT_EQ(params({"--params", R"({"n":"18446744073709551616"})"}).at("n").as_string(),
            "18446744073709551616");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--param", "n=18446744073709551616"},
                                             {"--params", R"({"n":[-9223372036854775809]})"},
                                             {"--spec", R"({"n":18446744073709551616})"}}) {
    std::vector<std::string> all = {"task", "create", "--kind", "noop"};
    all.insert(all.end(), words.begin(), words.end());
    const Ran ran = place.run(all);
    EXPECT_EQ(ran.status, 2) << words[1] << ran.err;
    EXPECT_THAT(ran.err, AllOf(HasSubstr(words[0]), HasSubstr("beyond 64 bits"))) << words[1];
  }
}

TEST(UsageTest, ParamsAreWhatWasTyped) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks: {say: {kind: noop, params: {type: object, properties: {text: {type: string}, "
              "ratio: {type: number}}}}}\n"
              "pipelines: {p: {params: {type: object, properties: {text: {type: string}}}, "
              "steps: {a: {task: say, with: {text: \"${{ params.text }}\"}}}}}\n");
  const auto said = [&](const std::string& param) {
    return boost::json::serialize(
        place
            .json("task create",
                  {"task", "create", "say", "--dry-run", "--definitions", "defs", "--param", param})
            .at("task")
            .at("params"));
  };
  EXPECT_EQ(said("text=42"), R"({"text":"42"})");
  EXPECT_EQ(said("text=true"), R"({"text":"true"})");
  EXPECT_EQ(said("ratio=1.50"), R"({"ratio":1.5E0})");
  EXPECT_EQ(said("ratio=1e3"), R"({"ratio":1E3})");
  EXPECT_EQ(said("v=1.10"), R"({"v":"1.10"})");
  EXPECT_EQ(said("v=1e5"), R"({"v":"1e5"})");
  EXPECT_EQ(said("v=42"), R"({"v":42})");
  EXPECT_EQ(said("v=0.25"), R"({"v":2.5E-1})");
  EXPECT_EQ(said("v=[1, 2]"), R"({"v":[1,2]})");
  const Ran run =
      place.run({"pipeline", "run", "p", "text=1.10", "--dry-run", "--definitions", "defs"});
  EXPECT_EQ(run.status, 0) << run.err;
}

TEST(UsageTest, AFlagReplacesALabel) {
  const Place place;
  const std::string id = place.create({"--kind", "noop", "--label", "a=1", "--label", "a=2"});
  EXPECT_THAT(place.run({"task", "show", id}).out, AllOf(HasSubstr("a=2"), Not(HasSubstr("a=1"))));
}

TEST(UsageTest, ASpecAddsToAProgram) {
  const Place place;
  const auto made = place.json("task create", {"task", "create", "--dry-run", "--spec",
                                               R"({"limits": {"memory": "64MiB"}})", "--", "true"});
  const auto& spec = made.at("task").at("spec");
  EXPECT_EQ(spec.at("limits").at("memory"), "64MiB");
  EXPECT_EQ(spec.at("command").at(0), "true");
}

TEST(UsageTest, IntoAPipeNothingIsColoured) {
  const Place place;
  place.create({"--kind", "noop"});
  EXPECT_EQ(place.run({"task", "list"}).out.find('\x1b'), std::string::npos);
}

TEST(UsageTest, QuietSaysOnlyResults) {
  const Place place;
  place.create({"--kind", "noop"});
  const Ran ran = place.run({"queue", "pause", "default", "--quiet"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out + ran.err, "");
}

TEST(UsageTest, VersionIsShownBothWays) {
  const Place place;
  EXPECT_THAT(place.run({"--version"}).out, StartsWith("waybill "));
  place.json("version", {"version"});
}

}  // namespace
}  // namespace waybill::e2e
