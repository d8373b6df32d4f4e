#include "adapters/pubsub/queue.h"

#include <gmock/gmock.h>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  Result<std::string> token(const Deadline&) override { return token_; }
  std::string identity() const override { return "a fixed token"; }

 private:
  const std::string token_;
};

class PubSubQueueTest : public testing::Test {
 protected:
  using Answers = std::vector<Result<HttpResponse>>;

  PubSubQueue queue(PubSubOptions options = {}) {
    options.project = "p";
    if (options.topic.empty()) options.topic = "tasks";
    options.subscription = "work";
    return PubSubQueue({.http = http_, .tokens = token_, .clock = clock_}, options);
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> all;
    for (const HttpRequest& request : http_.requests()) all.push_back(request.url);
    return all;
  }
  /// As the service answers: an id for each message.
  static HttpResponse published(const HttpRequest& request) {
    std::string ids;
    for (std::size_t at = 0; (at = request.body.find("\"data\"", at)) != std::string::npos; ++at) {
      ids += (ids.empty() ? "" : ",") + ('"' + std::to_string(at) + '"');
    }
    return {.status = 200, .body = "{\"messageIds\":[" + ids + "]}"};
  }
  Result<HttpResponse> answer(const HttpRequest& request) {
    clock_.advance(takes_);
    if (refuses_ && refuses_(request)) return HttpResponse{.status = 400};
    if (next_ < answers_.size()) return answers_[next_++];
    if (request.url.ends_with(":publish")) return published(request);
    return HttpResponse{.status = 200, .body = "{}"};
  }

  SimClock clock_;
  FixedToken token_{"secret"};
  Answers answers_;
  std::size_t next_ = 0;
  Duration takes_{0};  // each request
  std::function<bool(const HttpRequest&)> refuses_;
  FakeHttpClient http_{[this](const HttpRequest& request) { return answer(request); }};
};

TEST_F(PubSubQueueTest, ABodyIsPublishedInBase64AndNothingElse) {
  ASSERT_TRUE(queue().publish(std::vector<Message>{{.id = "1", .body = "{\"a\":1}"}}));
  const auto requests = http_.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].url, "https://pubsub.googleapis.com/v1/projects/p/topics/tasks:publish");
  EXPECT_EQ(requests[0].body, "{\"messages\":[{\"data\":\"eyJhIjoxfQ==\"}]}");
  EXPECT_THAT(requests[0].headers, ::testing::Contains(std::pair<std::string, std::string>(
                                       "Authorization", "Bearer secret")));
}

TEST_F(PubSubQueueTest, AFullTopicNameIsTakenAsItIs) {
  auto made = queue({.topic = "projects/other/topics/t"});
  ASSERT_TRUE(made.publish(std::vector<Message>{{.id = "1", .body = "b"}}));
  EXPECT_THAT(urls(),
              ElementsAre("https://pubsub.googleapis.com/v1/projects/other/topics/t:publish"));
}

TEST_F(PubSubQueueTest, NoRequestHasMoreThanAThousandMessages) {
  std::vector<Message> messages(2001, {.id = "1", .body = "b"});
  const auto answers = queue().publish(messages);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->size(), 2001u);
  EXPECT_EQ(http_.requests().size(), 3u);
}

TEST_F(PubSubQueueTest, NoRequestOfSeveralMessagesIsLargerThanTenMegabytes) {
  std::vector<Message> messages(5, {.id = "1", .body = std::string(3'000'000, 'b')});
  ASSERT_TRUE(queue().publish(messages));
  const auto requests = http_.requests();
  EXPECT_EQ(requests.size(), 3u);
  for (const HttpRequest& request : requests) EXPECT_LE(request.body.size(), 10'000'100u);
}

TEST_F(PubSubQueueTest, AMessageOfMoreThanTenMegabytesIsNotSent) {
  const auto answers =
      queue().publish(std::vector<Message>{{.id = "1", .body = std::string(10'000'001, 'b')}});
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].error().code, Code::invalid_argument);
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("10000001"));
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("10000000"));
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(PubSubQueueTest, AfterAFailureTheRestIsNotSent) {
  std::vector<Message> messages(3500, {.id = "1", .body = "b"});
  std::string ids = "\"1\"";
  for (int i = 1; i < 1000; ++i) ids += ",\"1\"";
  answers_ = {HttpResponse{.status = 200, .body = "{\"messageIds\":[" + ids + "]}"},
              HttpResponse{.status = 503}};
  const auto answers = queue().publish(messages);
  ASSERT_TRUE(answers);
  EXPECT_TRUE((*answers)[999].has_value());
  EXPECT_EQ((*answers)[1000].error().code, Code::unavailable);
  EXPECT_THAT((*answers)[3499].error().message, HasSubstr("not sent"));
  EXPECT_EQ(http_.requests().size(), 2u);
}

TEST_F(PubSubQueueTest, WhatTheAnswerDoesNotNameIsNotTakenForPublished) {
  for (const char* body : {"", "{}", "<html>Log in</html>", R"({"messageIds":["1"]})",
                           R"({"messageIds":"1, 2"})", R"({"messageIds":["1","2","3"]})", "[]"}) {
    answers_ = {HttpResponse{.status = 200, .body = body}};
    next_ = 0;
    const auto answers = queue().publish(std::vector<Message>(2, {.id = "1", .body = "b"}));
    ASSERT_TRUE(answers);
    for (const Status& one : *answers) EXPECT_EQ(one.error().code, Code::unknown) << body;
  }
}

TEST_F(PubSubQueueTest, TheOneMessageThatTheServiceRefusesIsFound) {
  refuses_ = [](const HttpRequest& request) {
    return request.body.find("YmFk") != std::string::npos;
  };
  std::vector<Message> messages(9, {.id = "1", .body = "good"});
  messages[6].body = "bad";
  const auto answers = queue().publish(messages);
  ASSERT_TRUE(answers);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ((*answers)[i].has_value(), i != 6) << i;
}

TEST_F(PubSubQueueTest, AnErrorTellsWhatTheServiceSaidAndWhenToComeBack) {
  answers_ = {HttpResponse{.status = 429,
                           .headers = {{"retry-after", "7"}},
                           .body = "{\"error\":{\"code\":429,\"message\":\"Quota exceeded\"}}"}};
  const auto answers = queue().publish(std::vector<Message>{{.id = "1", .body = "b"}});
  ASSERT_TRUE(answers);
  const Error& error = (*answers)[0].error();
  EXPECT_EQ(error.code, Code::resource_exhausted);
  EXPECT_EQ(error.retry_after, seconds(7));
  EXPECT_THAT(error.message, HasSubstr("projects/p/topics/tasks"));
  EXPECT_THAT(error.message, HasSubstr("Quota exceeded"));
  EXPECT_THAT(error.message, ::testing::Not(HasSubstr("secret")));
}

TEST_F(PubSubQueueTest, AMessageThatCannotBeDecodedIsDeliveredAllTheSame) {
  answers_ = {HttpResponse{.status = 200, .body = R"({"receivedMessages":[
        {"ackId":"a1","message":{"messageId":"1","attributes":{"x":"y"}}},
        {"ackId":"a2","message":{"messageId":"2","data":"%%%"}},
        {"message":{"messageId":"3","data":"Yg=="}},
        {"ackId":"a4"},
        7,
        {"ackId":"a5","deliveryAttempt":3,"message":{"messageId":"5","data":"Yg=="}}]})"}};
  const auto deliveries = queue().receive(10, {.at = clock_.steady_now()});
  ASSERT_TRUE(deliveries);
  ASSERT_EQ(deliveries->size(), 4u);
  EXPECT_EQ((*deliveries)[0].message.body, "");
  EXPECT_THAT((*deliveries)[0].message.attributes, ElementsAre(std::pair("x", "y")));
  EXPECT_EQ((*deliveries)[1].message.body, "%%%");
  EXPECT_EQ((*deliveries)[2].receipt, "a4");
  EXPECT_EQ((*deliveries)[3].message.body, "b");
  EXPECT_EQ((*deliveries)[3].delivery_count, 3u);
}

TEST_F(PubSubQueueTest, AnAnswerThatIsNotJsonIsAnError) {
  answers_ = {HttpResponse{.status = 200, .body = "<html>"}};
  const auto deliveries = queue().receive(10, {.at = clock_.steady_now()});
  ASSERT_FALSE(deliveries);
  EXPECT_EQ(deliveries.error().code, Code::data_loss);
}

TEST_F(PubSubQueueTest, AFarDeadlineIsWaitedForByLongPolls) {
  answers_ = {HttpResponse{.status = 200, .body = "{}"},
              fail(Code::deadline_exceeded, "time is up")};
  takes_ = seconds(180);
  const auto deliveries = queue().receive(10, {.at = clock_.steady_now() + seconds(360)});
  ASSERT_TRUE(deliveries) << deliveries.error().message;
  EXPECT_THAT(*deliveries, IsEmpty());
  ASSERT_EQ(http_.requests().size(), 3u);
  EXPECT_EQ(http_.requests()[1].body, "{\"maxMessages\":10}");
  EXPECT_EQ(http_.requests()[2].body, "{\"maxMessages\":10,\"returnImmediately\":true}");
}

TEST_F(PubSubQueueTest, ANearDeadlineIsWaitedForByAskingAgain) {
  const SteadyTime until = clock_.steady_now() + seconds(10);
  const auto deliveries = queue().receive(10, {.at = until});
  ASSERT_TRUE(deliveries) << deliveries.error().message;
  EXPECT_EQ(clock_.steady_now(), until);
  EXPECT_GT(http_.requests().size(), 10u);
  EXPECT_LT(http_.requests().size(), 18u);
  EXPECT_EQ(http_.requests()[0].body, "{\"maxMessages\":10,\"returnImmediately\":true}");
}

TEST_F(PubSubQueueTest, AStoppedPullIsEmpty) {
  std::stop_source stop;
  answers_ = {fail(Code::cancelled, "stopped")};
  refuses_ = [&](const HttpRequest&) { return !stop.request_stop(); };
  const auto deliveries = queue().receive(10, {.stop = stop.get_token()});
  ASSERT_TRUE(deliveries) << deliveries.error().message;
  EXPECT_THAT(*deliveries, IsEmpty());
}

TEST_F(PubSubQueueTest, AnExtensionIsInWholeSecondsAndAtMostTenMinutes) {
  auto made = queue();
  const std::vector<std::string> receipts = {"a\"1"};
  ASSERT_TRUE(made.extend(receipts, seconds(599) + Duration(1)));
  EXPECT_EQ(http_.requests()[0].body, "{\"ackIds\":[\"a\\\"1\"],\"ackDeadlineSeconds\":600}");
  EXPECT_EQ(made.extend(receipts, seconds(601)).error().code, Code::invalid_argument);
  EXPECT_EQ(made.extend(receipts, seconds(0)).error().code, Code::invalid_argument);
  EXPECT_EQ(http_.requests().size(), 1u);
}

TEST_F(PubSubQueueTest, TheOneReceiptThatIsInvalidIsPassedOverAndNotExtended) {
  refuses_ = [](const HttpRequest& request) {
    return request.body.find("bad") != std::string::npos;
  };
  auto made = queue();
  const std::vector<std::string> receipts = {"a1", "bad", "a3"};
  EXPECT_TRUE(made.ack(receipts));
  EXPECT_TRUE(made.nack(receipts));
  EXPECT_EQ(made.extend(receipts, seconds(60)).error().code, Code::not_found);
}

TEST_F(PubSubQueueTest, ReceiptsGoInRequestsTheServiceTakes) {
  const std::vector<std::string> receipts(2000, std::string(400, 'a'));
  ASSERT_TRUE(queue().ack(receipts));
  EXPECT_EQ(http_.requests().size(), 3u);
  for (const HttpRequest& request : http_.requests()) EXPECT_LT(request.body.size(), 512u * 1024);
}

TEST_F(PubSubQueueTest, TopicsThatAreThereAreNotCreatedAgain) {
  answers_ = {HttpResponse{.status = 409}, HttpResponse{.status = 409}};
  ASSERT_TRUE(queue().create_topics());
  EXPECT_THAT(urls(),
              ElementsAre("https://pubsub.googleapis.com/v1/projects/p/topics/tasks",
                          "https://pubsub.googleapis.com/v1/projects/p/subscriptions/work"));
  EXPECT_EQ(http_.requests()[1].body,
            "{\"topic\":\"projects/p/topics/tasks\",\"ackDeadlineSeconds\":600,"
            "\"expirationPolicy\":{}}");
}

TEST_F(PubSubQueueTest, WhatNobodyAcksGoesToATopicOfItsOwnWhereOneIsNamed) {
  ASSERT_TRUE(queue({.dead_letter_topic = "dead", .deliveries_max = 7}).create_topics());
  EXPECT_THAT(urls(),
              ElementsAre("https://pubsub.googleapis.com/v1/projects/p/topics/tasks",
                          "https://pubsub.googleapis.com/v1/projects/p/topics/dead",
                          "https://pubsub.googleapis.com/v1/projects/p/subscriptions/dead",
                          "https://pubsub.googleapis.com/v1/projects/p/subscriptions/work"));
  EXPECT_THAT(http_.requests()[2].body, HasSubstr("{\"topic\":\"projects/p/topics/dead\""));
  EXPECT_THAT(http_.requests()[3].body,
              HasSubstr("\"deadLetterPolicy\":{\"deadLetterTopic\":\"projects/p/topics/dead\","
                        "\"maxDeliveryAttempts\":7}}"));
}

TEST(PubSubEndpoint, IsWhatIsGivenElseTheEmulatorElseGoogles) {
  EXPECT_EQ(pubsub_endpoint("", {}), "https://pubsub.googleapis.com");
  EXPECT_EQ(pubsub_endpoint("", {{"PUBSUB_EMULATOR_HOST", "localhost:8085"}}),
            "http://localhost:8085");
  EXPECT_EQ(pubsub_endpoint("http://x:1/", {{"PUBSUB_EMULATOR_HOST", "localhost:8085"}}),
            "http://x:1");
}

}  // namespace
}  // namespace waybill
