#include "core/task_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>

#include "base/json.h"

namespace waybill {
namespace {

Task sample() {
  Task task;
  task.request.id = uuid_v5(kTaskNamespace, "sample");
  task.request.kind = "command";
  task.request.params = R"({"a":1})";
  task.request.labels = {{"team", "x"}};
  task.created_at = from_micros(1'000'000);
  return task;
}

TEST(TaskJsonTest, WritesWhatIsNotSetAsNull) {
  const auto object = task_to_json(sample());
  for (const char* name :
       {"definition", "created_by", "run_at", "started_at", "finished_at", "lease_until", "worker",
        "timeout", "dedup_key", "result", "error", "cancel"}) {
    EXPECT_TRUE(object.at(name).is_null()) << name;
  }
}

TEST(TaskJsonTest, WritesJsonTextsAsJsonAndTimesForPeople) {
  Task task = sample();
  task.request.run_time_max = std::chrono::minutes(10);
  task.status.cancel = {.requested_at = from_micros(2'000'000), .by = "ann", .reason = "late"};
  const auto object = task_to_json(task);
  EXPECT_EQ(object.at("params"), json::parse(R"({"a":1})").value());
  EXPECT_EQ(object.at("created_at"), "1970-01-01T00:00:01Z");
  EXPECT_EQ(object.at("timeout"), "10m");
  EXPECT_EQ(object.at("labels"), json::parse(R"({"team":"x"})").value());
  EXPECT_EQ(
      object.at("cancel"),
      json::parse(R"({"requested_at":"1970-01-01T00:00:02Z","by":"ann","reason":"late"})").value());
}

TEST(TaskJsonTest, TextThatIsNoJsonStaysText) {
  EXPECT_EQ(text_to_json("{broken"), "{broken");
  EXPECT_TRUE(text_to_json("").is_null());
}

TEST(TaskJsonTest, HistoryNamesWhatHappened) {
  const auto object = history_to_json({.at = from_micros(3'000'000),
                                       .happening = Happening::claimed,
                                       .state = State::leased,
                                       .fence = 2,
                                       .attempt = 1,
                                       .worker = "w1"});
  EXPECT_EQ(json::serialize(object),
            R"({"at":"1970-01-01T00:00:03Z","happening":"claimed","state":"leased","fence":2,)"
            R"("attempt":1,"worker":"w1","reason":null})");
}

}  // namespace
}  // namespace waybill
