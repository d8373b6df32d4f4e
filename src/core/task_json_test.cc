#include "core/task_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>

#include "base/json.h"
#include "core/notify.h"

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

TEST(TaskJsonTest, SaysWhoIsToldOfItsEndWithoutWhatLetsOnePostThere) {
  Task task = sample();
  EXPECT_EQ(task_to_json(task).at("notify"), boost::json::array());
  const NotifyRule rules[] = {
      {.on = {State::failed, State::cancelled},
       .kind = std::string(kMailKind),
       .spec = R"({"to":["ops@example.org"],"subject":"s"})"},
      {.on = {State::succeeded},
       .kind = std::string(kWebhookKind),
       .spec = R"({"url":"https://u:p@chat.example:8443/T0/s3cret?k=v","secrets":["chat-key"]})"}};
  task.request.notify = notify_json(rules);
  EXPECT_EQ(
      task_to_json(task).at("notify"),
      json::parse(R"([{"on":["failed","cancelled"],"kind":"notify.mail","to":["ops@example.org"],)"
                  R"("url":null,"secrets":[]},{"on":["succeeded"],"kind":"notify.webhook","to":[],)"
                  R"("url":"https://chat.example:8443/…","secrets":["chat-key"]}])")
          .value());
  task.request.notify = "{broken";
  EXPECT_TRUE(task_to_json(task).at("notify").is_null());
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
