// Every command's --json has a definition in schemas/cli.schema.json, and what it prints keeps to
// it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "base/json.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

namespace bj = boost::json;
using testing::Contains;
using testing::ElementsAre;

/// The commands that `waybill --help` lists.
std::set<std::string> commands(const Place& place) {
  std::istringstream lines(place.run({"--help"}).out);
  std::set<std::string> names;
  bool listed = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "Commands:") listed = true;
    if (!listed || !line.starts_with("  waybill ")) continue;
    const std::string rest = line.substr(10);
    names.insert(rest.substr(0, rest.find("  ")));
  }
  return names;
}

std::vector<bj::value> lines_of(const std::string& text) {
  std::istringstream lines(text);
  std::vector<bj::value> values;
  for (std::string line; std::getline(lines, line);) {
    const auto value = json::parse(line);
    EXPECT_TRUE(value.has_value()) << line;
    if (value) values.push_back(*value);
  }
  return values;
}

TEST(SchemaTest, HasADefinitionForEveryCommand) {
  const Place place;
  std::ifstream file("schemas/cli.schema.json");
  const auto schema = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_TRUE(schema.has_value());
  std::vector<std::string> defined;
  for (const auto& member : schema->at("$defs").get_object()) defined.emplace_back(member.key());
  const std::set<std::string> known = commands(place);
  EXPECT_GT(known.size(), 20U);
  for (const std::string& command : known) EXPECT_THAT(defined, Contains(command));
}

TEST(SchemaTest, AnExportedTaskIsTheOneThatIsShown) {
  const Place place;
  const std::string first = place.create({"--", "sh", "-c",
                                          "echo '{\"progress\":{\"a\":1},\"checkpoint\":{\"b\":2},"
                                          "\"output\":{\"c\":3}}' >&3"});
  const std::string second = place.create({"--after", first, "--delay", "1h", "--kind", "noop"});
  EXPECT_EQ(place.run({"worker", "--until-idle"}).status, 0);
  const std::vector<bj::value> exported = lines_of(place.run({"db", "export"}).out);
  ASSERT_EQ(exported.size(), 2U);
  for (const bj::value& task : exported) {
    EXPECT_EQ(violations("db export", task), "");
    auto shown = place.json("task show", {"task", "show", task.at("id").as_string().c_str()});
    shown.as_object().erase("dependencies");
    EXPECT_EQ(task, shown);
  }
}

TEST(SchemaTest, WhatChangesTasksAnswersThem) {
  const Place place;
  const std::string id = place.create({"--kind", "noop"});
  EXPECT_EQ(place.json("task edit", {"task", "edit", id, "--priority", "5"})
                .at("tasks")
                .at(0)
                .at("priority"),
            bj::value(5));
  EXPECT_EQ(place.json("task cancel", {"task", "cancel", id}).at("tasks").at(0).at("id"),
            bj::value(id));
  EXPECT_EQ(place.json("task wait", {"task", "wait", id}, 1).at("tasks").at(0).at("id"),
            bj::value(id));
  EXPECT_EQ(place.json("task retry", {"task", "retry", id}).at("tasks").at(0).at("id"),
            bj::value(id));
}

TEST(SchemaTest, WhatChangesQueuesAndSchedulesAnswersThem) {
  const Place place;
  EXPECT_EQ(place.json("queue pause", {"queue", "pause", "default"}).at("paused"), true);
  EXPECT_EQ(place.json("queue resume", {"queue", "resume", "default"}).at("paused"), false);
  EXPECT_EQ(place.json("schedule add", {"schedule", "add", "s", "@daily", "--", "true"}).at("name"),
            "s");
  EXPECT_EQ(place.json("schedule remove", {"schedule", "remove", "s"}).at("removed"), "s");
}

/// The events that a process has told of; each keeps to the schema.
std::vector<bj::value> events(const std::string& text) {
  std::vector<bj::value> events = lines_of(text);
  for (const bj::value& event : events) EXPECT_EQ(violations("event", event), "");
  return events;
}

std::vector<std::string> names_of(const std::vector<bj::value>& events) {
  std::vector<std::string> names;
  for (const bj::value& event : events) names.emplace_back(event.at("event").as_string());
  return names;
}

TEST(EventsTest, AWorkerSaysWhatItLeavesAndWhy) {
  const Place place;
  place.create({"--kind", "noop"});
  const std::string later = place.create({"--delay", "1h", "--kind", "noop"});
  const auto told = events(place.run({"worker", "--until-idle", "--json", "--slots", "3"}).out);
  ASSERT_THAT(names_of(told), ElementsAre("started", "idle", "stopped"));
  EXPECT_EQ(told[0].at("slots"), 3);
  EXPECT_EQ(told[1].at("waiting"), 1);
  EXPECT_EQ(told[1].at("finished"), 1);
  ASSERT_EQ(told[1].at("left").as_array().size(), 1U);
  EXPECT_EQ(told[1].at("left").at(0).at("id"), bj::value(later));
  EXPECT_EQ(told[1].at("left").at(0).at("reason"), "delayed");
  EXPECT_EQ(told[2].at("reason"), "idle");
}

TEST(EventsTest, UpTellsOfEachScanAndOfItsEnd) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks: {t: {kind: noop}}\n"
              "scans:\n"
              "  s: {planner: batches, sources: {a: ../in}, path: '{batch}.{part}',\n"
              "      parts: [head], task: t}\n");
  place.write("in/one.head", "x");
  const auto told =
      events(place.run({"up", "--until-idle", "--json", "--definitions", "defs"}).out);
  ASSERT_GE(told.size(), 4U);
  EXPECT_EQ(told[0].at("scans"), 1);
  EXPECT_EQ(told[1].at("event"), "scanned");
  EXPECT_EQ(told[1].at("report").at("tasks").at(0).at("outcome"), "inserted");
  EXPECT_EQ(told[told.size() - 2].at("event"), "idle");
  EXPECT_EQ(told.back().at("event"), "stopped");
}

TEST(EventsTest, ASignalIsToldOfAndAScanThatFails) {
  const Place place;
  place.write("defs/a.yaml",
              "tasks: {t: {kind: noop}}\n"
              "scans:\n"
              "  s: {planner: batches, sources: {a: ../gone}, path: '{batch}.{part}',\n"
              "      parts: [head], task: t}\n");
  const auto scan = place.start({"scan", "--json", "--definitions", "defs"});
  scan->wait_for_output("scan_failed");
  scan->signal(SIGTERM);
  const Ran ran = scan->wait();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(names_of(events(ran.out)), ElementsAre("started", "scan_failed", "stopped"));
  const auto worker = place.start({"worker", "--json"});
  worker->wait_for_output("started");
  worker->signal(SIGTERM);
  EXPECT_THAT(names_of(events(worker->wait().out)), ElementsAre("started", "stopping", "stopped"));
}

TEST(SchemaTest, BenchPrintsOneLine) {
  const Place place;
  const Ran ran = place.run({"bench", "--quick", "--only", "enqueue_1x1", "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const std::vector<bj::value> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(violations("bench", lines[0]), "");
}

}  // namespace
}  // namespace waybill::e2e
