#include "adapters/remote/work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>
#include <tuple>

#include "base/json.h"
#include "core/task_json.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

/// Answers a claim when the test does; until then the claim waits.
class WaitingServer final : public HttpClient {
 public:
  explicit WaitingServer(Clock& clock) : clock_(clock) {}

  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override {
    const bool is_claim = request.url.ends_with("/v1/claims");
    {
      const Lock lock(mutex_);
      sent_.push_back(request);
      if (!is_claim && is_away_) return fail(Code::unavailable, "nobody there");
      if (!full_for_.empty() && request.url.find(full_for_) != std::string::npos) {
        return HttpResponse{.status = 507, .body = R"({"detail":"the disk is full"})"};
      }
    }
    if (is_claim) return wait_for_answer(deadline);
    const bool is_beat = request.url.ends_with("/v1/beats");
    return HttpResponse{.status = 200,
                        .body = is_beat ? R"({"tasks":[{"id":"x","state":"extended"}]})"
                                        : R"({"tasks":[{"id":"x","problem":null}]})"};
  }
  void answer(Result<HttpResponse> with) {
    {
      const Lock lock(mutex_);
      answers_.push_back(std::move(with));
    }
    told_.ring();
  }
  void be_away(bool is_away) {
    const Lock lock(mutex_);
    is_away_ = is_away;
  }
  /// Answers every claim with this from now on.
  void refuse_claims(int status) {
    const Lock lock(mutex_);
    refused_with_ = status;
  }
  /// Takes no output of this task.
  void be_full_for(const Uuid& task) {
    const Lock lock(mutex_);
    full_for_ = to_string(task) + "/logs";
  }
  std::vector<HttpRequest> sent_to(std::string_view end) {
    const Lock lock(mutex_);
    std::vector<HttpRequest> some;
    for (const HttpRequest& request : sent_) {
      if (request.url.ends_with(end)) some.push_back(request);
    }
    return some;
  }

 private:
  Result<HttpResponse> wait_for_answer(const Deadline& deadline) {
    for (;;) {
      const std::uint64_t seen = told_.rung();
      {
        const Lock lock(mutex_);
        if (refused_with_) return HttpResponse{.status = *refused_with_};
        if (!answers_.empty()) {
          auto answer = std::move(answers_.front());
          answers_.pop_front();
          return answer;
        }
      }
      const Bell::Woken woken =
          told_.wait(seen, {.at = kSteadyTimeMax, .stop = deadline.stop}, clock_);
      if (woken == Bell::Woken::in_vain) return fail(Code::cancelled, "stopped");
    }
  }

  Clock& clock_;
  Bell told_;
  Mutex mutex_;
  std::deque<Result<HttpResponse>> answers_ GUARDED_BY(mutex_);
  std::vector<HttpRequest> sent_ GUARDED_BY(mutex_);
  bool is_away_ GUARDED_BY(mutex_) = false;
  std::string full_for_ GUARDED_BY(mutex_);
  std::optional<int> refused_with_ GUARDED_BY(mutex_);
};

HttpResponse with_tasks(std::initializer_list<int> numbers) {
  boost::json::array tasks;
  for (const int number : numbers) {
    Task task;
    task.request = a_task(number);
    task.status = {.state = State::leased, .fence = 3, .attempt = 1};
    boost::json::object object = task_to_json(task);
    object["checkpoint"] = nullptr;
    tasks.push_back(std::move(object));
  }
  return {.status = 200, .body = json::serialize(boost::json::object{{"tasks", std::move(tasks)}})};
}

class RemoteWorkTest : public testing::Test {
 protected:
  static ClaimParams params(std::size_t limit = 2) {
    return {.kinds = {"command"}, .worker = "w", .limit = limit, .lease = 20s};
  }
  Result<std::vector<Task>> claim(std::size_t limit = 2) { return work_->claim(params(limit)); }
  /// The first claim, which has nothing yet.
  void ask(std::size_t limit = 2) { EXPECT_EQ(claim(limit)->size(), 0U); }
  /// Claims again when the bell has rung, as a worker does.
  Result<std::vector<Task>> claim_when_rung(std::uint64_t seen, std::size_t limit = 2) {
    bell_.wait(seen, {}, clock_);
    return claim(limit);
  }
  void await_claims(std::size_t count) {
    while (server_.sent_to("/v1/claims").size() < count) std::this_thread::yield();
  }

  SimClock clock_{OnWait::blocks};
  WaitingServer server_{clock_};
  RemoteServer remote_{server_, clock_, Rng(1), {.url = "http://host:1", .token = "wb_secret"}};
  HeldTasks held_;
  RemoteLedger ledger_{remote_, held_, clock_, {.name = "w", .host = "h"}};
  RemoteLogs logs_{remote_, held_, clock_};
  Bell bell_;
  std::unique_ptr<RemoteWork> work_ =
      std::make_unique<RemoteWork>(ledger_, logs_, bell_, clock_, RemoteWorkParams{});
};

TEST_F(RemoteWorkTest, AClaimDoesNotBlockAndItsTasksComeWhenTheBellHasRung) {
  const std::uint64_t seen = bell_.rung();
  EXPECT_TRUE(claim()->empty());
  await_claims(1);
  EXPECT_TRUE(claim()->empty());
  server_.answer(with_tasks({1, 2}));
  const auto tasks = claim_when_rung(seen);
  ASSERT_EQ(tasks->size(), 2U);
  EXPECT_EQ(tasks->front().id(), task_id(1));
  const auto sent = server_.sent_to("/v1/claims");
  ASSERT_EQ(sent.size(), 1U) << "asked for more than it has room for";
  EXPECT_THAT(sent[0].body, HasSubstr(R"("wait":"30s")"));
  EXPECT_THAT(sent[0].body, HasSubstr(R"("limit":2)"));
}

TEST_F(RemoteWorkTest, WhereThereIsRoomLeftItGoesOnWaitingForThatMuch) {
  const std::uint64_t seen = bell_.rung();
  ask();
  server_.answer(with_tasks({1}));
  EXPECT_EQ(claim_when_rung(seen)->size(), 1U);
  await_claims(2);
  EXPECT_THAT(server_.sent_to("/v1/claims")[1].body, HasSubstr(R"("limit":1)"));
}

TEST_F(RemoteWorkTest, AnEmptyAnswerAfterTheWaitIsAskedForAnewByItself) {
  ask();
  await_claims(1);
  clock_.advance(30s);
  server_.answer(with_tasks({}));
  await_claims(2);
}

TEST_F(RemoteWorkTest, TasksThatCameLateAreBeatenForSoThatTheirLeaseIsCountedFromThen) {
  const std::uint64_t seen = bell_.rung();
  ask();
  await_claims(1);
  clock_.advance(10s);
  server_.answer(with_tasks({1}));
  EXPECT_EQ(claim_when_rung(seen)->size(), 1U);
  const auto beats = server_.sent_to("/v1/beats");
  ASSERT_EQ(beats.size(), 1U);
  EXPECT_THAT(beats[0].body, HasSubstr(R"("lease":"20s")"));
  EXPECT_EQ(held_.find(task_id(1))->lease_until, clock_.steady_now() + 20s);
}

TEST_F(RemoteWorkTest, WhatCannotBeBeatenForIsKeptForTheNextClaim) {
  const std::uint64_t seen = bell_.rung();
  ask(1);
  await_claims(1);
  clock_.advance(10s);
  server_.be_away(true);
  server_.answer(with_tasks({1}));
  EXPECT_EQ(claim_when_rung(seen, 1).error().code, Code::unavailable);
  server_.be_away(false);
  EXPECT_EQ(claim(1)->size(), 1U);
}

TEST_F(RemoteWorkTest, AnOutageIsToldUntilTheServerAnswers) {
  const std::uint64_t seen = bell_.rung();
  ask();
  server_.be_away(true);
  server_.answer(fail(Code::unavailable, "nobody there"));
  EXPECT_EQ(claim_when_rung(seen).error().code, Code::unavailable);
  while (server_.sent_to("/v1/beats").empty()) std::this_thread::yield();
  EXPECT_EQ(claim().error().code, Code::unavailable) << "nobody has answered yet";
  server_.be_away(false);
  // While the last question is still being noted, no other one is asked.
  while (server_.sent_to("/v1/claims").size() < 2) std::ignore = claim();
  EXPECT_TRUE(claim().has_value()) << "before any task has come";
}

TEST_F(RemoteWorkTest, AClaimThatIsRefusedIsAskedAnewWithoutAWait) {
  const std::uint64_t seen = bell_.rung();
  ask();
  server_.answer(HttpResponse{.status = 401});
  EXPECT_EQ(claim_when_rung(seen).error().code, Code::failed_precondition);
  await_claims(2);
  EXPECT_THAT(server_.sent_to("/v1/claims")[1].body, Not(HasSubstr("wait")));
}

TEST_F(RemoteWorkTest, AClaimWhoseAnswerWasLostIsAskedAgainAsItWas) {
  std::uint64_t seen = bell_.rung();
  ask();
  await_claims(1);
  clock_.advance(3s);
  server_.answer(fail(Code::aborted, "cut off"));
  EXPECT_EQ(claim_when_rung(seen, 1).error().code, Code::unavailable);
  await_claims(2);
  const auto sent = server_.sent_to("/v1/claims");
  EXPECT_EQ(sent[0].body, sent[1].body) << "though there is room for fewer by now";
  EXPECT_EQ(sent[0].headers.at(1), sent[1].headers.at(1)) << "under the same Idempotency-Key";
  seen = bell_.rung();
  server_.answer(with_tasks({1}));
  EXPECT_EQ(claim_when_rung(seen)->size(), 1U);
  EXPECT_THAT(server_.sent_to("/v1/beats").back().body, HasSubstr(to_string(task_id(1))))
      << "nobody knows when its lease began";
}

TEST_F(RemoteWorkTest, AClaimWhoseTasksAreOthersByNowIsAskedAnew) {
  const std::uint64_t seen = bell_.rung();
  ask();
  await_claims(1);
  clock_.advance(30s + 21s);
  server_.answer(fail(Code::aborted, "cut off"));
  EXPECT_EQ(claim_when_rung(seen).error().code, Code::unavailable);
  await_claims(2);
  const auto sent = server_.sent_to("/v1/claims");
  EXPECT_NE(sent[0].headers.at(1), sent[1].headers.at(1));
}

TEST_F(RemoteWorkTest, AStopEndsTheWaitAndGivesBackWhatWasNotTaken) {
  const std::uint64_t seen = bell_.rung();
  ask(1);
  server_.answer(with_tasks({1}));
  bell_.wait(seen, {}, clock_);
  work_->stop_claiming();
  const auto finishes = server_.sent_to("/v1/finishes");
  ASSERT_EQ(finishes.size(), 1U);
  EXPECT_THAT(finishes[0].body, HasSubstr("given_back"));
  EXPECT_TRUE(claim()->empty());
  EXPECT_EQ(server_.sent_to("/v1/claims").size(), 1U);
}

TEST_F(RemoteWorkTest, AStopEndsNoOutage) {
  const std::uint64_t seen = bell_.rung();
  ask();
  server_.be_away(true);
  server_.answer(fail(Code::unavailable, "nobody there"));
  EXPECT_EQ(claim_when_rung(seen).error().code, Code::unavailable);
  work_->stop_claiming();
  EXPECT_EQ(claim().error().code, Code::unavailable);
}

TEST_F(RemoteWorkTest, AStopDoesNotWaitForAnAnswer) {
  ask();
  await_claims(1);
  work_->stop_claiming();
  EXPECT_TRUE(server_.sent_to("/v1/finishes").empty());
}

TEST_F(RemoteWorkTest, OutputThatIsNotTakenHoldsUpTheEndOfItsOwnRunAlone) {
  const std::uint64_t seen = bell_.rung();
  ask(2);
  server_.answer(with_tasks({1, 2}));
  const auto tasks = claim_when_rung(seen, 2).value();
  server_.be_full_for(task_id(1));
  std::vector<Change> changes;
  for (const Task& task : tasks) {
    ASSERT_TRUE(logs_.append(task.id(), {.attempt = 1, .bytes = "the end"}));
    changes.push_back(
        transition(task, event::Succeed{.fence = 3}, {.now = clock_.now(), .chance = 0}).value());
  }
  const auto answers = work_->apply(changes);
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ(answers->at(0).error().code, Code::unavailable);
  EXPECT_TRUE(answers->at(1));
  const auto finishes = server_.sent_to("/v1/finishes");
  ASSERT_EQ(finishes.size(), 1U);
  EXPECT_THAT(finishes[0].body, HasSubstr(to_string(task_id(2))));
  EXPECT_THAT(finishes[0].body, Not(HasSubstr(to_string(task_id(1)))));
}

TEST_F(RemoteWorkTest, TheSameTroubleAgainIsNoNews) {
  std::uint64_t seen = bell_.rung();
  ask();
  server_.be_away(true);
  server_.answer(fail(Code::unavailable, "nobody there"));
  EXPECT_EQ(claim_when_rung(seen).error().code, Code::unavailable);
  seen = bell_.rung();
  while (server_.sent_to("/v1/beats").empty()) std::this_thread::yield();
  // Until the worker polls, nobody asks again.
  work_->stop_claiming();
  EXPECT_EQ(bell_.rung(), seen);
  EXPECT_EQ(server_.sent_to("/v1/claims").size(), 1U);
  EXPECT_EQ(server_.sent_to("/v1/beats").size(), 1U);
}

TEST_F(RemoteWorkTest, AServerThatGreetsAndTakesNoClaimIsAskedAsOftenAsTheWorkerPolls) {
  const std::uint64_t seen = bell_.rung();
  server_.refuse_claims(507);
  while (server_.sent_to("/v1/claims").size() < 10) std::ignore = claim();
  work_->stop_claiming();
  EXPECT_LE(bell_.rung(), seen + 2) << "that it fails, and that somebody is there";
  EXPECT_EQ(claim().error().code, Code::unavailable);
}

TEST_F(RemoteWorkTest, TheOutputOfARunIsSentBeforeItsEnd) {
  const std::uint64_t seen = bell_.rung();
  ask(1);
  server_.answer(with_tasks({1}));
  const Task task = claim_when_rung(seen, 1)->front();
  ASSERT_TRUE(logs_.append(task.id(), {.attempt = 1, .bytes = "the end"}));
  const std::vector changes = {
      transition(task, event::Succeed{.fence = 3}, {.now = clock_.now(), .chance = 0}).value()};
  server_.be_away(true);
  EXPECT_EQ(work_->apply(changes).error().code, Code::unavailable);
  EXPECT_TRUE(server_.sent_to("/v1/finishes").empty());
  server_.be_away(false);
  ASSERT_TRUE(work_->apply(changes)->front());
  EXPECT_EQ(server_.sent_to("/v1/finishes").size(), 1U);
  const auto logs = server_.sent_to("/logs");
  ASSERT_EQ(logs.size(), 2U);
  EXPECT_EQ(logs[0].body, logs[1].body);
  EXPECT_EQ(logs[0].headers.at(1), logs[1].headers.at(1)) << "under the same Idempotency-Key";
}

}  // namespace
}  // namespace waybill
