#include "core/pipeline/kept_run.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/pipeline/kept_run_json.h"
#include "core/pipeline/run_fixture.h"

namespace waybill::pipeline {
namespace {

TEST(KeptRun, WhatIsKeptIsReadAsItWas) {
  const Wait waits[] = {
      {.kind = WaitKind::time, .until = from_micros(7), .url = {}, .statuses = {}, .who_may = {}},
      {.kind = WaitKind::http,
       .url = "https://x.example/",
       .statuses = {200, 404},
       .every = std::chrono::seconds(3),
       .timeout = std::chrono::minutes(2),
       .who_may = {}},
      {.kind = WaitKind::approval, .url = {}, .statuses = {}, .who_may = R"({"role":"admin"})"}};
  for (const Wait& wait : waits) EXPECT_EQ(read_kept_wait(to_json_text(wait)), wait);
  const Decision decision{.approved = true, .by = "ann", .comment = "\"", .at = from_micros(9)};
  EXPECT_EQ(read_decision(to_json_text(decision)), decision);
  const std::vector<std::string> names = {"a", "b\n"};
  EXPECT_EQ(read_names(to_json_text(names)), names);
}

TEST(KeptRun, WhatIsDamagedIsRefused) {
  for (const char* text :
       {"", "[]", "{}", R"({"kind": "time"})", R"({"kind": "x", "statuses": []})",
        R"({"kind": "http", "statuses": ["x"]})"}) {
    EXPECT_EQ(read_kept_wait(text).error().code, Code::data_loss) << text;
  }
  for (const char* text : {"", "[]", "{}", R"({"approved": 1})"}) {
    EXPECT_EQ(read_decision(text).error().code, Code::data_loss) << text;
  }
  for (const char* text : {"", "{}", "[1]"}) {
    EXPECT_EQ(read_names(text).error().code, Code::data_loss) << text;
  }
}

TEST(KeptRun, StatesAreReadByTheirNames) {
  for (int i = 0; i < kRunStateCount; ++i) {
    const auto state = static_cast<RunState>(i);
    EXPECT_EQ(parse_run_state(to_string(state)), state);
  }
  EXPECT_EQ(parse_run_state("x"), std::nullopt);
  EXPECT_EQ(parse_node_state("skipped"), NodeState::skipped);
  EXPECT_EQ(parse_node_state(""), std::nullopt);
}

TEST(KeptRun, AChangeSaysWhatTheActionDoes) {
  const NodeChange wait = change_of(action::BeginWait{
      .path = "a",
      .wait = {.kind = WaitKind::approval, .url = {}, .statuses = {}, .who_may = {}},
      .due = from_micros(3),
      .fingerprint = {{"wait", "1"}}});
  EXPECT_EQ(wait.what, NodeChange::What::begun);
  EXPECT_EQ(wait.kind, BegunAs::wait);
  EXPECT_TRUE(wait.is_approval);
  EXPECT_EQ(wait.due, from_micros(3));
  EXPECT_EQ(wait.fingerprint, R"({"wait":"1"})");
  EXPECT_EQ(change_of(action::Open{.path = ""}).kind, BegunAs::none);
  EXPECT_EQ(change_of(action::Open{.path = "a"}).kind, BegunAs::group);
  const NodeChange end = change_of(
      action::Finish{.path = "a", .state = NodeState::failed, .outputs = "", .error = "no"});
  EXPECT_EQ(end.what, NodeChange::What::finished);
  EXPECT_EQ(end.fingerprint, "") << "it was there before";
  const NodeChange stop =
      change_of(action::Cancel{.path = "a", .id = {}, .stop = Stop::at_once, .reason = "by ann"});
  EXPECT_EQ(stop.what, NodeChange::What::stopped);
  EXPECT_EQ(stop.stop, Stop::at_once);
}

TEST(KeptRun, APlanIsShownInAnOrderInWhichItCouldRun) {
  const auto plan = plan_of(kEverything);
  const auto shown = plan_to_json(*plan);
  std::vector<std::string> paths;
  for (const auto& step : shown.at("steps").as_array()) {
    paths.emplace_back(step.at("path").as_string());
  }
  EXPECT_EQ(paths, (std::vector<std::string>{"list", "fetch", "ok", "sum", "tidy", "tidy/pause"}));
  EXPECT_EQ(shown.at("steps").at(1).at("for_each"), "steps.list.outputs.urls");
}

}  // namespace
}  // namespace waybill::pipeline
