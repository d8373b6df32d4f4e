// What commands print for programs keeps to schemas/cli.schema.json.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "base/json.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

namespace bj = boost::json;

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
  EXPECT_EQ(place.json("task cancel", {"task", "cancel", id}).at("tasks").at(0).at("id"), id);
  EXPECT_EQ(place.json("task wait", {"task", "wait", id}, 1).at("tasks").at(0).at("id"), id);
  EXPECT_EQ(place.json("task retry", {"task", "retry", id}).at("tasks").at(0).at("id"), id);
}

TEST(SchemaTest, WhatChangesQueuesAndSchedulesAnswersThem) {
  const Place place;
  EXPECT_EQ(place.json("queue pause", {"queue", "pause", "q"}).at("paused"), true);
  EXPECT_EQ(place.json("queue resume", {"queue", "resume", "q"}).at("paused"), false);
  EXPECT_EQ(place.json("schedule add", {"schedule", "add", "s", "@daily", "--", "true"}).at("name"),
            "s");
  EXPECT_EQ(place.json("schedule remove", {"schedule", "remove", "s"}).at("removed"), "s");
}

}  // namespace
}  // namespace waybill::e2e
