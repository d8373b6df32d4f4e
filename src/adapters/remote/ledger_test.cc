#include "adapters/remote/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "adapters/remote/task_wire.h"
#include "base/json.h"
#include "core/task_json.h"
#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Task leased_task() {
  Task task;
  task.request.id = parse_uuid("018f0000-0000-7000-8000-000000000001").value();
  task.request.kind = "command";
  task.request.spec = R"({"command":["true"]})";
  task.request.labels = {{"team", "a"}};
  task.request.run_time_max = 10s;
  task.request.retry.failures_max = 2;
  task.created_at = Time(Duration(1'000'000));
  task.status.state = State::leased;
  task.status.fence = 3;
  task.status.attempt = 2;
  task.status.failures = 1;
  task.status.run_at = task.created_at;
  task.status.started_at = Time(Duration(2'000'000));
  task.status.lease_until = Time(Duration(9'000'000));
  task.status.worker = "w";
  return task;
}

/// A server that answers what `answer` says, and a worker's parts before it.
class RemoteLedgerTest : public testing::Test {
 protected:
  std::string claim_body() const {
    boost::json::object task = task_to_json(leased_task());
    task["checkpoint"] = boost::json::object{{"row", 3}};
    return json::serialize(boost::json::object{{"tasks", boost::json::array{std::move(task)}}});
  }
  Change change_for(const Event& event) const {
    return transition(leased_task(), event, {.now = clock_.now(), .chance = 0}).value();
  }
  /// The one finish that the last request sent.
  boost::json::object finish_sent() const {
    const auto body = json::parse(http_.requests().back().body).value();
    return body.as_object().at("tasks").as_array().at(0).as_object();
  }
  void claim() {
    answer_ = HttpResponse{.status = 200, .body = claim_body()};
    ASSERT_TRUE(ledger_.claim({.worker = "w"}).has_value());
    answer_ = HttpResponse{.status = 200, .body = R"({"tasks":[{"id":"x","problem":null}]})"};
  }

  SimClock clock_;
  Result<HttpResponse> answer_ = HttpResponse{.status = 200};
  FakeHttpClient http_{[this](const HttpRequest&) { return answer_; }};
  RemoteServer server_{http_, clock_, Rng(1), {.url = "http://host:1", .token = "wb_secret"}};
  HeldTasks held_;
  RemoteLedger ledger_{server_, held_, clock_, {.name = "w", .host = "h"}};
  RemoteReader reader_{server_, held_};
};

TEST_F(RemoteLedgerTest, ATaskIsReadAsItWasWritten) {
  const Task task = leased_task();
  const Task read = task_from_json(task_to_json(task));
  EXPECT_EQ(read.request, task.request);
  EXPECT_EQ(read.status, task.status);
  EXPECT_EQ(read.created_at, task.created_at);
}

TEST_F(RemoteLedgerTest, AClaimedTaskKeepsItsCheckpoint) {
  claim();
  EXPECT_EQ(reader_.reported(leased_task().id())->checkpoint, R"({"row":3})");
}

TEST_F(RemoteLedgerTest, TheTokenIsSentAndEachRequestHasAKeyOfItsOwn) {
  claim();
  claim();
  const auto sent = http_.requests();
  const auto key = [](const HttpRequest& request) { return request.headers.at(1); };
  EXPECT_EQ(key(sent[0]).first, "Idempotency-Key");
  EXPECT_NE(key(sent[0]).second, key(sent[1]).second);
  EXPECT_EQ(sent[0].headers.at(2).second, "Bearer wb_secret");
}

TEST_F(RemoteLedgerTest, ALastTransientFailureIsNotSentAsPermanent) {
  claim();
  const std::array changes = {change_for(event::Fail{.fence = 3, .error = "no"})};
  ASSERT_EQ(changes[0].after.state, State::failed);
  ASSERT_TRUE(ledger_.apply(changes)->front());
  EXPECT_FALSE(finish_sent().contains("permanent"));
}

TEST_F(RemoteLedgerTest, APermanentFailureIsSentAsPermanent) {
  claim();
  const std::array changes = {
      change_for(event::Fail{.fence = 3, .failure_class = FailureClass::permanent, .error = "no"})};
  ASSERT_TRUE(ledger_.apply(changes)->front());
  EXPECT_TRUE(finish_sent().at("permanent").as_bool());
}

TEST_F(RemoteLedgerTest, ASnoozeIsSentAsASpan) {
  claim();
  const std::array changes = {change_for(event::Snooze{.fence = 3, .until = clock_.now() + 90s})};
  ASSERT_TRUE(ledger_.apply(changes)->front());
  EXPECT_EQ(finish_sent().at("delay").as_string(), format_duration(90s));
}

TEST_F(RemoteLedgerTest, AFinishThatCameTooLateIsAborted) {
  claim();
  answer_->body = R"({"tasks":[{"id":"x","problem":{"status":409,"detail":"overtaken"}}]})";
  const std::array changes = {change_for(event::Succeed{.fence = 3})};
  EXPECT_EQ(ledger_.apply(changes)->front().error().code, Code::aborted);
}

TEST_F(RemoteLedgerTest, ALostAnswerIsSomethingToWaitOut) {
  answer_ = fail(Code::aborted, "cut off");
  EXPECT_EQ(ledger_.claim({.worker = "w"}).error().code, Code::unavailable);
}

TEST_F(RemoteLedgerTest, ARefusedTokenEndsTheWorkAndIsNotTold) {
  answer_ = HttpResponse{.status = 401, .body = R"({"detail":"the token is not known"})"};
  const Error error = ledger_.claim({.worker = "w"}).error();
  EXPECT_EQ(error.code, Code::failed_precondition);
  EXPECT_THAT(error.message, HasSubstr("http://host:1"));
  EXPECT_THAT(error.message, HasSubstr("--token-file"));
  EXPECT_THAT(error.message, testing::Not(HasSubstr("wb_secret")));
}

TEST_F(RemoteLedgerTest, AnAnswerThatIsNoneOfOursIsRefused) {
  answer_ = HttpResponse{.status = 200, .body = "<html>"};
  EXPECT_EQ(ledger_.claim({.worker = "w"}).error().code, Code::failed_precondition);
  answer_ = HttpResponse{.status = 200, .body = R"({"tasks":[{"id":7}]})"};
  EXPECT_EQ(ledger_.claim({.worker = "w"}).error().code, Code::failed_precondition);
}

}  // namespace
}  // namespace waybill
