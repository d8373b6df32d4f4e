#include "core/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "core/notify_text.h"

namespace waybill {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Time kStart = parse_time("2026-11-22T12:00:00Z").value();
const Uuid kId = parse_uuid("0192f000-0000-7000-8000-000000000001").value();

NotifyRule mail_on(std::vector<State> on, std::string spec = R"({"to":["a@b"]})") {
  return {.on = std::move(on), .kind = std::string(kMailKind), .spec = std::move(spec)};
}

Task a_leased_task(const std::string& notify) {
  Task task;
  task.request = {.id = kId,
                  .queue = "data",
                  .kind = "command",
                  .definition = "nightly",
                  .params = R"({"day":"2026-11-21"})",
                  .labels = {{"team", "data"}},
                  .created_by = "schedule:nightly",
                  .notify = notify};
  task.created_at = kStart;
  task.status = {.state = State::leased,
                 .revision = 4,
                 .fence = 1,
                 .attempt = 1,
                 .lease_until = kStart + 1h,
                 .worker = "w-1",
                 .started_at = kStart + 1s};
  return task;
}

Change after(const Task& task, const Event& event) {
  return transition(task, event, {.now = kStart + 91s + 250ms}).value();
}

Change failed(const Task& task, const std::string& error = "exit status 1") {
  return after(task,
               event::Fail{.fence = 1, .failure_class = FailureClass::permanent, .error = error});
}

bj::object facts_in(const TaskRequest& request) {
  return json::parse(request.params).value().get_object();
}

TEST(Notify, RulesAreReadAsTheyWereWritten) {
  const std::vector rules = {mail_on({State::failed, State::cancelled}),
                             NotifyRule{.on = {State::succeeded},
                                        .kind = std::string(kWebhookKind),
                                        .spec = R"({"url":"https://x"})"}};
  EXPECT_EQ(read_notify(notify_json(rules)).value(), rules);
  EXPECT_EQ(notify_json({}), "");
  EXPECT_THAT(read_notify("").value(), IsEmpty());
  for (const char* damaged : {"{}", "[1]", R"([{"on":["lost"],"kind":"x","spec":{}}])",
                              R"([{"on":[],"kind":"x"}])", "[", "null"}) {
    EXPECT_EQ(read_notify(damaged).error().code, Code::data_loss) << damaged;
  }
}

TEST(Notify, RulesOfTwoPlacesAreJoined) {
  const std::string one = notify_json(std::vector{mail_on({State::failed})});
  const std::string two = notify_json(
      std::vector{mail_on({State::failed}), mail_on({State::succeeded}, R"({"to":["c@d"]})")});
  EXPECT_EQ(merge_notify(one, ""), one);
  EXPECT_EQ(merge_notify("", one), one);
  EXPECT_EQ(merge_notify(one, two), two);
  EXPECT_EQ(merge_notify(two, one), two);
}

TEST(Notify, ATaskThatFailsTellsWhatIsWorthKnowing) {
  const Task task = a_leased_task(notify_json(std::vector{mail_on({State::failed})}));
  const Change change = failed(task);
  ASSERT_THAT(change.notifications, SizeIs(1));
  const TaskRequest& request = change.notifications[0];
  EXPECT_TRUE(check_request(request));
  EXPECT_EQ(request.queue, kNotifyQueue);
  EXPECT_EQ(request.kind, kMailKind);
  EXPECT_EQ(request.notify, "") << "nobody is told of what tells";
  const bj::object facts = facts_in(request);
  EXPECT_EQ(facts.at("name"), "nightly");
  EXPECT_EQ(facts.at("outcome"), "failed");
  EXPECT_EQ(facts.at("error"), "exit status 1");
  EXPECT_EQ(facts.at("duration"), "1m30.25s");
  EXPECT_EQ(facts.at("look").get_string(), "waybill task show " + to_string(kId));
  EXPECT_EQ(facts.at("task").at("params").at("day"), "2026-11-21");
  EXPECT_EQ(facts.at("task").at("labels").at("team"), "data");
}

TEST(Notify, OnlyAnEndIsToldAndOnlyToThoseWhoWantIt) {
  const Task task = a_leased_task(notify_json(std::vector{
      mail_on({State::failed}), mail_on({State::succeeded, State::failed}, R"({"to":["c@d"]})")}));
  EXPECT_THAT(failed(task).notifications, SizeIs(2));
  EXPECT_THAT(after(task, event::Succeed{.fence = 1}).notifications, SizeIs(1));
  EXPECT_THAT(after(task, event::Fail{.fence = 1, .error = "x"}).notifications, IsEmpty());
  EXPECT_THAT(after(task, event::Cancel{.by = "ann"}).notifications, IsEmpty());
  EXPECT_THAT(after(task, event::GiveBack{.fence = 1}).notifications, IsEmpty());
}

TEST(Notify, ACancelTellsWhoAndWhy) {
  Task task = a_leased_task(notify_json(std::vector{mail_on({State::cancelled})}));
  task.status = {.state = State::ready};
  const Change change = after(task, event::Cancel{.by = "ann", .reason = "wrong day"});
  ASSERT_THAT(change.notifications, SizeIs(1));
  const bj::object facts = facts_in(change.notifications[0]);
  EXPECT_EQ(facts.at("error"), "ann: wrong day");
  EXPECT_TRUE(facts.at("duration").is_null());
}

TEST(Notify, PoisonIsAFailure) {
  Task task = a_leased_task(notify_json(std::vector{mail_on({State::failed})}));
  task.status.lease_until = kStart;
  task.status.worker_deaths = 2;
  EXPECT_THAT(after(task, event::Expire{}).notifications, SizeIs(1));
}

TEST(Notify, TheIdIsThatOfTheEnd) {
  const std::string notify =
      notify_json(std::vector{mail_on({State::failed}), mail_on({State::failed}, "{}")});
  Task task = a_leased_task(notify);
  const Change once = failed(task);
  const Change again = failed(task);
  EXPECT_EQ(once.notifications[0].id, again.notifications[0].id);
  EXPECT_NE(once.notifications[0].id, once.notifications[1].id);
  task.status.revision += 3;
  EXPECT_NE(failed(task).notifications[0].id, once.notifications[0].id);
}

TEST(Notify, WhatIsLongIsLeftOut) {
  Task task = a_leased_task(notify_json(std::vector{mail_on({State::failed})}));
  task.request.params = R"({"x":")" + std::string(100'000, 'x') + "\"}";
  const Change change = failed(task, std::string(100'000, 'e') + "\xff");
  EXPECT_LT(change.notifications[0].params.size(), 16'000u);
  EXPECT_TRUE(facts_in(change.notifications[0]).at("task").at("params").is_null());
}

TEST(Notify, ARunTellsLikewise) {
  const pipeline::KeptRun run{.id = kId,
                              .pipeline = "release",
                              .params = R"({"tag":"v1"})",
                              .created_by = "cli:ann",
                              .created_at = kStart,
                              .state = pipeline::RunState::failed,
                              .started_at = kStart,
                              .ended_at = kStart + 2s,
                              .outputs = "",
                              .error = "step build failed"};
  const std::string notify = notify_json(std::vector{mail_on({State::failed})});
  const auto requests = notifications_of(run, notify);
  ASSERT_THAT(requests, SizeIs(1));
  const bj::object facts = facts_in(requests[0]);
  EXPECT_EQ(facts.at("name"), "release");
  EXPECT_EQ(facts.at("run").at("params").at("tag"), "v1");
  EXPECT_EQ(facts.at("look").get_string(), "waybill run show " + to_string(kId));
  EXPECT_THAT(notifications_of(run, ""), IsEmpty());
}

TEST(NotifyText, TemplatesReadWhatIsTold) {
  const Task task = a_leased_task(notify_json(std::vector{mail_on({State::failed})}));
  const bj::object facts = facts_in(failed(task).notifications[0]);
  EXPECT_EQ(notify_text(kNotifySubject, facts).value(), "nightly failed");
  EXPECT_EQ(notify_text("${{ task.params.day }} took ${{ duration }}", facts).value(),
            "2026-11-21 took 1m30.25s");
  EXPECT_EQ(notify_text("${{ failure() && 'bad' || 'good' }}", facts).value(), "bad");
  EXPECT_EQ(notify_text("${{ params.outcome }}${{ run.id }}", facts).value(), "failed");
  const std::string text = notify_text(kNotifyText, facts).value();
  EXPECT_THAT(text, HasSubstr("The task nightly failed.\n"));
  EXPECT_THAT(text, HasSubstr("  kind        command\n"));
  EXPECT_THAT(text, HasSubstr("  took        1m30.25s\n"));
  EXPECT_THAT(text, HasSubstr("\nexit status 1\n"));
  EXPECT_THAT(text, HasSubstr("waybill task show " + to_string(kId)));
}

TEST(NotifyText, WhatIsNoTemplateIsRefused) {
  EXPECT_TRUE(check_notify_template("plain ${{ task.id }}"));
  EXPECT_THAT(check_notify_template("${{ tsak.id }}").error().message,
              HasSubstr("did you mean \"task\""));
  EXPECT_THAT(check_notify_template("${{ secrets.x }}").error().message,
              HasSubstr("there is no \"secrets\""));
  EXPECT_FALSE(check_notify_template("${{ task.id"));
  EXPECT_FALSE(check_notify_template(std::string(100'000, 'x')));
}

TEST(NotifyText, WhatComesOutIsBounded) {
  const bj::object facts{{"error", std::string(60'000, 'x')}};
  const auto text = notify_text("${{ error }}${{ error }}", facts);
  ASSERT_TRUE(text);
  EXPECT_LE(text->size(), kNotifyTextBytesMax + 8);
}

TEST(Notify, ParamsThatAreNestedAsDeeplyAsTheyMaySilenceNothing) {
  Task task = a_leased_task(notify_json(std::vector{mail_on({State::failed})}));
  task.request.params = R"({"a":)" + std::string(62, '[') + std::string(62, ']') + "}";
  ASSERT_TRUE(json::parse(task.request.params));
  const Change change = failed(task, "disk full");
  ASSERT_THAT(change.notifications, SizeIs(1));
  const bj::object facts = facts_in(change.notifications[0]);
  EXPECT_EQ(facts.at("error"), "disk full");
  EXPECT_TRUE(facts.at("task").at("params").is_null());
}

}  // namespace
}  // namespace waybill
