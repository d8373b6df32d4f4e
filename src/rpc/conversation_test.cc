// Calls without a network: what they ask, and how they end.
#include "rpc/conversation.h"

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>

#include "base/json.h"
#include "http/api_document.h"
#include "ports/bell.h"
#include "rpc/json_message.h"
#include "testing/sim_clock.h"

namespace waybill::rpc {
namespace {

using namespace std::chrono_literals;

/// Answers each request as the test says, in order; then Later. Takes every finish.
class Scripted final : public http::Application {
 public:
  explicit Scripted(Clock& clock) : clock_(clock) {}
  http::Reply handle(const http::Request& request) override {
    const Lock lock(mutex_);
    asked_.push_back(request);
    came_.ring();
    if (request.path == "/v1/finishes") return answer(200, R"({"tasks":[]})");
    if (replies_.empty()) return http::Later{.until = clock_.steady_now() + 1s, .topics = {}};
    http::Reply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
  }
  bool answer_at_once(const http::Request&, const std::function<http::ServerCounts()>&,
                      http::Response&) override {
    return false;
  }
  http::Response refusal(const http::Request&, int status, std::string_view why) override {
    return answer(status, R"({"detail":")" + std::string(why) + "\"}");
  }
  static http::Response answer(int status, std::string body) {
    return {.status = status, .body = std::move(body), .headers = {}, .stream = nullptr};
  }
  void next(int status, std::string body) {
    const Lock lock(mutex_);
    replies_.emplace_back(answer(status, std::move(body)));
  }
  std::vector<http::Request> asked() {
    const Lock lock(mutex_);
    return asked_;
  }
  /// Blocks until there were so many.
  void await(std::size_t count) {
    for (std::uint64_t seen = came_.rung(); asked().size() < count; seen = came_.rung()) {
      if (asked().size() >= count) return;
      came_.wait(seen, {}, clock_);
    }
  }

 private:
  Clock& clock_;
  Bell came_;
  Mutex mutex_;
  std::deque<http::Reply> replies_ GUARDED_BY(mutex_);
  std::vector<http::Request> asked_ GUARDED_BY(mutex_);
};

/// The network's side, which notes what it is told.
class NotedWire final : public Wire {
 public:
  explicit NotedWire(Clock& clock) : clock_(clock) {}
  void open() override { opened = true; }
  void read() override { ++reads; }
  void write(std::string message) override {
    const Lock lock(mutex_);
    written_.push_back(std::move(message));
    said_.ring();
  }
  void finish(const Outcome& outcome) override {
    const Lock lock(mutex_);
    EXPECT_FALSE(outcome_.has_value()) << "it ends once";
    outcome_ = outcome;
    said_.ring();
  }
  void finish_with(std::string message, const Outcome& outcome) override {
    write(std::move(message));
    finish(outcome);
  }
  /// Blocks until the end was said.
  Outcome outcome() {
    for (;;) {
      const std::uint64_t seen = said_.rung();
      {
        const Lock lock(mutex_);
        if (outcome_) return *outcome_;
      }
      said_.wait(seen, {}, clock_);
    }
  }
  bool has_ended() {
    const Lock lock(mutex_);
    return outcome_.has_value();
  }
  /// Blocks until there were so many.
  std::vector<std::string> written(std::size_t count) {
    for (;;) {
      const std::uint64_t seen = said_.rung();
      {
        const Lock lock(mutex_);
        if (written_.size() >= count) return written_;
      }
      said_.wait(seen, {}, clock_);
    }
  }
  std::atomic<bool> opened = false;
  std::atomic<int> reads = 0;

 private:
  Clock& clock_;
  Bell said_;
  Mutex mutex_;
  std::vector<std::string> written_ GUARDED_BY(mutex_);
  std::optional<Outcome> outcome_ GUARDED_BY(mutex_);
};

class ConversationTest : public testing::Test {
 protected:
  void TearDown() override { desk_.drain(); }

  const Method& method(std::string_view path) {
    for (const Method& one : methods_) {
      if (one.path() == path) return one;
    }
    ADD_FAILURE() << "no rpc " << path;
    return methods_.front();
  }
  std::shared_ptr<Conversation> call(std::string_view path) {
    auto conversation = new_conversation(
        desk_, method(path),
        {.headers = {{"host", "h"}, {"authorization", "Bearer t"}, {"idempotency-key", "k"}},
         .peer = "192.0.2.7"},
        wire_);
    conversation->begin();
    return conversation;
  }
  static std::string bytes(const Method& method, const boost::json::object& json) {
    const auto input = method.new_input();
    EXPECT_TRUE(from_json(json, *input));
    return input->SerializeAsString();
  }
  boost::json::object json(const Method& method, const std::string& output) {
    const auto message = method.new_output();
    EXPECT_TRUE(message->ParseFromString(output));
    return to_json(*message).value();
  }
  static std::string claimed(std::initializer_list<int> fences) {
    boost::json::array tasks;
    for (const int fence : fences) {
      tasks.push_back(
          boost::json::object{{"id", "0192-" + std::to_string(fence)}, {"fence", fence}});
    }
    return json::serialize(boost::json::object{{"tasks", std::move(tasks)}});
  }
  std::vector<std::int64_t> given_back() {
    std::vector<std::int64_t> fences;
    for (const http::Request& request : api_.asked()) {
      if (request.path != "/v1/finishes") continue;
      const auto body = json::parse(request.body).value();
      for (const auto& task : body.at("tasks").as_array()) {
        EXPECT_EQ(task.at("outcome"), "given_back");
        fences.push_back(task.at("fence").as_int64());
      }
    }
    return fences;
  }

  SimClock clock_{OnWait::blocks};
  Scripted api_{clock_};
  std::vector<Method> methods_ =
      all_methods(http::ApiDocument::create(openapi_document()).value()).value();
  NotedWire wire_{clock_};
  Desk desk_{api_, clock_, 2, 100};
};

constexpr const char* kClaim = "/waybill.v1.Workers/ClaimTasks";
constexpr const char* kStream = "/waybill.v1.Workers/StreamClaims";
constexpr const char* kGet = "/waybill.v1.Tasks/GetTask";

TEST_F(ConversationTest, AUnaryCallIsTheRequestAndItsAnswerTheMessage) {
  const auto get = call(kGet);
  EXPECT_EQ(wire_.reads, 1);
  api_.next(200, R"({"id":"0192","queue":"q","unknown":1})");
  get->message(bytes(method(kGet), {{"id", "0192"}}));
  EXPECT_TRUE(wire_.outcome().ok);
  const auto answer = json(method(kGet), wire_.written(1).front());
  EXPECT_EQ(answer.at("queue"), "q");
  const http::Request asked = api_.asked().at(0);
  EXPECT_EQ(asked.method, "GET");
  EXPECT_EQ(asked.path, "/v1/tasks/0192");
  EXPECT_EQ(asked.peer, "192.0.2.7");
  EXPECT_EQ(asked.header("authorization"), "Bearer t");
  EXPECT_FALSE(asked.counted);
}

TEST_F(ConversationTest, AProblemIsAStatus) {
  const auto get = call(kGet);
  api_.next(404, R"({"type":"urn:waybill:problem:not-found","detail":"there is none"})");
  get->message(bytes(method(kGet), {{"id", "0192"}}));
  const Outcome outcome = wire_.outcome();
  EXPECT_EQ(outcome.code, Code::not_found);
  EXPECT_EQ(outcome.message, "there is none");
}

TEST_F(ConversationTest, WhatCannotBeAskedIsRefusedWithoutAsking) {
  call(kGet)->message(bytes(method(kGet), {}));
  EXPECT_EQ(wire_.outcome().code, Code::invalid_argument) << "the path has no id";
  EXPECT_TRUE(api_.asked().empty());
}

TEST_F(ConversationTest, BytesThatAreNoMessageAreRefused) {
  call(kGet)->message("\xff\xff\xff");
  EXPECT_EQ(wire_.outcome().code, Code::invalid_argument);
}

TEST_F(ConversationTest, ACallWithoutAMessageIsRefused) {
  call(kGet)->closed();
  EXPECT_EQ(wire_.outcome().code, Code::invalid_argument);
}

TEST_F(ConversationTest, AnAnswerThatTheMessageCannotHoldIsInternal) {
  const auto get = call(kGet);
  api_.next(200, R"({"queue":17})");
  get->message(bytes(method(kGet), {{"id", "0192"}}));
  EXPECT_EQ(wire_.outcome().code, Code::internal);
}

TEST_F(ConversationTest, WhoIsGoneIsAskedForNoMore) {
  const auto claim = call(kClaim);
  claim->message(bytes(method(kClaim), {{"worker", "w"}, {"wait", "30s"}}));
  api_.await(1);
  desk_.wait_until_idle();
  claim->gone();  // also what a deadline that has passed is told by
  EXPECT_EQ(wire_.outcome().code, Code::cancelled);
  desk_.ring("default");
  desk_.wait_until_idle();
  EXPECT_EQ(api_.asked().size(), 1U) << "nothing is claimed for nobody";
}

TEST_F(ConversationTest, AWaitingClaimCountsOnce) {
  const auto claim = call(kClaim);
  claim->message(bytes(method(kClaim), {{"worker", "w"}, {"wait", "30s"}}));
  api_.await(1);
  clock_.await_waiters(1);
  clock_.advance(1s);
  api_.await(2);
  EXPECT_FALSE(api_.asked()[0].counted);
  EXPECT_TRUE(api_.asked()[1].counted);
  claim->gone();
}

TEST_F(ConversationTest, TasksThatTheWorkerDidNotHearOfAreGivenBackUnderNoKey) {
  const auto claim = call(kClaim);
  api_.next(200, claimed({3, 4}));
  claim->message(bytes(method(kClaim), {{"worker", "w"}}));
  EXPECT_TRUE(wire_.outcome().ok);
  claim->over(false);
  api_.await(2);
  EXPECT_EQ(given_back(), (std::vector<std::int64_t>{3, 4}));
  EXPECT_FALSE(api_.asked()[1].has_header("idempotency-key"));
  EXPECT_EQ(api_.asked()[1].header("authorization"), "Bearer t");
}

TEST_F(ConversationTest, TasksThatTheWorkerHasAreItsOwn) {
  const auto claim = call(kClaim);
  api_.next(200, claimed({3}));
  claim->message(bytes(method(kClaim), {{"worker", "w"}}));
  EXPECT_TRUE(wire_.outcome().ok);
  claim->over(true);
  claim->over(false);
  desk_.wait_until_idle();
  EXPECT_EQ(api_.asked().size(), 1U);
}

TEST_F(ConversationTest, AStreamOfClaimsClaimsSoManyAsWereAskedForAndEachMessageCounts) {
  const auto stream = call(kStream);
  api_.next(200, claimed({1, 2}));
  stream->message(bytes(method(kStream), {{"worker", "w"}, {"more", 2}}));
  ASSERT_EQ(wire_.written(1).size(), 1U) << "one at a time";
  EXPECT_TRUE(wire_.opened);
  stream->written();
  wire_.written(2);
  stream->written();
  desk_.wait_until_idle();
  EXPECT_EQ(api_.asked().size(), 1U) << "it has all that it asked for";
  EXPECT_FALSE(api_.asked()[0].counted);
  stream->message(bytes(method(kStream), {{"more", 1}}));
  api_.await(2);
  EXPECT_FALSE(api_.asked()[1].counted) << "a message that asks for more is a request";
  clock_.await_waiters(1);
  clock_.advance(1s);
  api_.await(3);
  EXPECT_TRUE(api_.asked()[2].counted) << "and what goes on with it is not another one";
  for (const http::Request& asked : api_.asked()) {
    EXPECT_FALSE(asked.has_header("idempotency-key")) << "each claim is another one";
    EXPECT_EQ(asked.header("authorization"), "Bearer t");
  }
  stream->gone();
}

TEST_F(ConversationTest, AClaimThatIsMadeAnewAfterItsWaitIsNoOtherRequest) {
  const auto stream = call(kStream);
  api_.next(200, claimed({}));
  stream->message(bytes(method(kStream), {{"worker", "w"}, {"more", 1}}));
  api_.await(2);
  EXPECT_FALSE(api_.asked()[0].counted);
  EXPECT_TRUE(api_.asked()[1].counted);
  stream->gone();
}

TEST_F(ConversationTest, WhatWasNotHandedOverIsGivenBackWhenTheWorkerIsGone) {
  const auto stream = call(kStream);
  api_.next(200, claimed({1, 2, 3}));
  stream->message(bytes(method(kStream), {{"worker", "w"}, {"more", 3}}));
  wire_.written(1);
  stream->written();
  wire_.written(2);
  stream->gone();
  api_.await(2);
  EXPECT_EQ(given_back(), (std::vector<std::int64_t>{2, 3})) << "the second may not have come";
}

TEST_F(ConversationTest, TooMuchAskedForAndASecondIntroductionEndTheStream) {
  const auto stream = call(kStream);
  stream->message(bytes(method(kStream), {{"worker", "w"}, {"more", 10'001}}));
  EXPECT_EQ(wire_.outcome().code, Code::invalid_argument);
  NotedWire other(clock_);
  const auto second = new_conversation(desk_, method(kStream), {}, other);
  second->begin();
  second->message(bytes(method(kStream), {{"worker", "w"}, {"more", 0}}));
  EXPECT_FALSE(other.has_ended());
  second->message(bytes(method(kStream), {{"worker", "v"}, {"more", 0}}));
  EXPECT_EQ(other.outcome().code, Code::invalid_argument);
}

TEST_F(ConversationTest, WhereTooManyWaitACallIsToldToComeBack) {
  Desk full(api_, clock_, 1, 0);
  const auto get = new_conversation(full, method(kGet), {}, wire_);
  get->begin();
  get->message(bytes(method(kGet), {{"id", "0192"}}));
  const Outcome outcome = wire_.outcome();
  EXPECT_EQ(outcome.code, Code::unavailable);
  EXPECT_EQ(outcome.trailing.at(0),
            (std::pair<std::string, std::string>("retry-after-ms", "1000")));
}

}  // namespace
}  // namespace waybill::rpc
