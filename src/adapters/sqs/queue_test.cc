#include "adapters/sqs/queue.h"

#include <gmock/gmock.h>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FixedCredentials final : public AwsCredentialSource {
 public:
  Result<AwsCredentials> credentials(const Deadline&) override {
    return AwsCredentials{.access_key_id = "AKID", .secret_access_key = "secret"};
  }
  std::string identity() const override { return "fixed"; }
};

class SqsQueueTest : public testing::Test {
 protected:
  SqsQueue by_sns(SqsOptions options = {}) {
    options.topic_arn = "arn:aws:sns:eu-west-1:1:tasks" + options.topic_arn;
    return queue(std::move(options));
  }
  SqsQueue direct(SqsOptions options = {}) {
    options.queue_url = "https://sqs.eu-west-1.amazonaws.com/1/work" + options.queue_url;
    return queue(std::move(options));
  }
  SqsQueue queue(SqsOptions options) {
    options.region = "eu-west-1";
    options.sns_endpoint = aws_endpoint("sns", options.region, {});
    options.requests_in_flight = 1;
    return SqsQueue({.http = http_, .credentials = credentials_, .clock = clock_}, options);
  }
  Result<HttpResponse> answer(const HttpRequest& request) {
    clock_.advance(takes_);
    if (respond_) return respond_(request);
    return HttpResponse{.status = 200, .body = "{}"};
  }

  SimClock clock_;
  FixedCredentials credentials_;
  Duration takes_{0};  // each request
  FakeHttpClient::Answer respond_;
  FakeHttpClient http_{[this](const HttpRequest& request) { return answer(request); }};
};

/// As SNS answers when all of ten went well, but those with these Ids.
HttpResponse published(const std::string& failed = "") {
  std::string xml = "<PublishBatchResponse><PublishBatchResult>";
  xml += failed.empty() ? "<Failed/>" : "<Failed>" + failed + "</Failed>";
  xml += "<Successful>";
  for (int id = 1; id <= 10; ++id) {
    if (failed.find("<Id>" + std::to_string(id) + "</Id>") != std::string::npos) continue;
    xml += "<member><Id>" + std::to_string(id) + "</Id><MessageId>m</MessageId></member>";
  }
  return {.status = 200, .body = xml + "</Successful></PublishBatchResult></PublishBatchResponse>"};
}

TEST_F(SqsQueueTest, AMessageToATopicIsAFormWithItsBodyAndNothingElse) {
  respond_ = [](const auto&) { return published(); };
  const auto answers = by_sns().publish(std::vector<Message>{{.id = "1", .body = "{\"a\": 1}"}});
  ASSERT_TRUE(answers);
  EXPECT_TRUE((*answers)[0]);
  const auto requests = http_.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].url, "https://sns.eu-west-1.amazonaws.com/");
  EXPECT_EQ(requests[0].body,
            "Action=PublishBatch&Version=2010-03-31&"
            "TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Atasks"
            "&PublishBatchRequestEntries.member.1.Id=1"
            "&PublishBatchRequestEntries.member.1.Message=%7B%22a%22%3A%201%7D");
  EXPECT_THAT(requests[0].headers.back().second,
              HasSubstr("Credential=AKID/20261122/eu-west-1/sns/aws4_request"));
}

TEST_F(SqsQueueTest, NoRequestHasMoreThanTenMessagesOrTwoHundredFiftySixKibibytes) {
  respond_ = [](const auto&) { return published(); };
  auto queue = by_sns();
  ASSERT_TRUE(queue.publish(std::vector<Message>(25, {.id = "1", .body = "b"})));
  EXPECT_EQ(http_.requests().size(), 3u);
  const std::vector<Message> large(5, {.id = "1", .body = std::string(100'000, 'b')});
  ASSERT_TRUE(queue.publish(large));
  EXPECT_EQ(http_.requests().size(), 6u);
}

TEST_F(SqsQueueTest, AMessageAboveTheLimitIsRefusedWithBothSizes) {
  const auto answers =
      by_sns().publish(std::vector<Message>{{.id = "1", .body = std::string(262'145, 'b')}});
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].error().code, Code::invalid_argument);
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("262145"));
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("262144"));
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(SqsQueueTest, EachEntryThatFailsIsItsMessagesOwnAnswer) {
  respond_ = [this](const auto&) {
    if (http_.requests().size() > 1) {  // of the third message alone
      return published("<member><Id>1</Id><Code>InternalError</Code></member>");
    }
    return published(
        "<member><Id>2</Id><Code>InvalidParameter</Code><Message>a &lt; b</Message>"
        "<SenderFault>true</SenderFault></member>"
        "<member><Id>3</Id><Code>InternalError</Code><SenderFault>false</SenderFault></member>");
  };
  const auto answers = by_sns().publish(std::vector<Message>(4, {.id = "1", .body = "b"}));
  ASSERT_TRUE(answers);
  EXPECT_TRUE((*answers)[0]);
  EXPECT_EQ((*answers)[1].error().code, Code::invalid_argument);
  EXPECT_THAT((*answers)[1].error().message, HasSubstr("a < b"));
  EXPECT_EQ((*answers)[2].error().code, Code::unavailable);
  EXPECT_TRUE((*answers)[3]);
}

TEST_F(SqsQueueTest, WhatIsRefusedForTheMomentIsSentAgainAlone) {
  const auto refused = [](int id, const std::string& code) {
    return "<member><Id>" + std::to_string(id) + "</Id><Code>" + code +
           "</Code><SenderFault>false</SenderFault></member>";
  };
  respond_ = [&](const auto&) {
    switch (http_.requests().size()) {
      case 1:
        return published(refused(2, "InternalError") + refused(4, "Throttling"));
      case 2:  // of messages 2 and 4
        return published(refused(2, "Throttling"));
      default:
        return published();
    }
  };
  std::vector<Message> messages;
  for (const char* id : {"a", "b", "c", "d"}) messages.push_back({.id = id, .body = id});
  const SteadyTime began = clock_.steady_now();
  const auto answers = by_sns().publish(messages);
  ASSERT_TRUE(answers);
  for (const Status& one : *answers) EXPECT_TRUE(one) << one.error().message;
  const auto requests = http_.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_THAT(requests[1].body, AllOf(HasSubstr("Message=b"), HasSubstr("Message=d"),
                                      Not(HasSubstr("Message=a")), Not(HasSubstr("Message=c"))));
  EXPECT_THAT(requests[2].body, AllOf(HasSubstr("Message=d"), Not(HasSubstr("Message=b"))));
  EXPECT_GT(clock_.steady_now(), began) << "not at once";
}

TEST_F(SqsQueueTest, WhatIsRefusedForTheMomentIsNotSentForEverNorToAFifoTopic) {
  respond_ = [](const auto&) {
    return published(
        "<member><Id>1</Id><Code>Throttling</Code><SenderFault>false</SenderFault></member>");
  };
  const std::vector<Message> messages{{.id = "a", .body = "a"}};
  const auto answers = by_sns().publish(messages);
  EXPECT_EQ((*answers)[0].error().code, Code::resource_exhausted);
  EXPECT_EQ(http_.requests().size(), 4u);
  EXPECT_FALSE((*by_sns({.topic_arn = ".fifo"}).publish(messages))[0]);
  EXPECT_EQ(http_.requests().size(), 5u);
}

TEST_F(SqsQueueTest, AMessageThatTheAnswerDoesNotNameIsNotTakenForPublished) {
  respond_ = [](const auto&) { return HttpResponse{.status = 200, .body = "<html/>"}; };
  const auto answers = by_sns().publish(std::vector<Message>{{.id = "1", .body = "b"}});
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].error().code, Code::unknown);
}

TEST_F(SqsQueueTest, AfterAFailureTheRestIsNotSent) {
  respond_ = [](const auto&) {
    return HttpResponse{.status = 403,
                        .body =
                            "<ErrorResponse><Error><Type>Sender</Type>"
                            "<Code>AuthorizationError</Code><Message>no SNS:Publish</Message>"
                            "</Error></ErrorResponse>"};
  };
  const auto answers = by_sns().publish(std::vector<Message>(25, {.id = "1", .body = "b"}));
  ASSERT_TRUE(answers);
  EXPECT_EQ(http_.requests().size(), 1u);
  EXPECT_EQ((*answers)[0].error().code, Code::permission_denied);
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("arn:aws:sns:eu-west-1:1:tasks"));
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("no SNS:Publish"));
  EXPECT_THAT((*answers)[24].error().message, HasSubstr("not sent"));
}

TEST_F(SqsQueueTest, AnErrorInJsonTellsItsCodeAndWhenToComeBack) {
  respond_ = [](const auto&) {
    return HttpResponse{
        .status = 503,
        .headers = {{"retry-after", "3"}},
        .body = R"({"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"})"};
  };
  const auto deliveries = direct().receive(1, {.at = clock_.steady_now()});
  ASSERT_FALSE(deliveries);
  EXPECT_EQ(deliveries.error().code, Code::resource_exhausted);
  EXPECT_EQ(deliveries.error().retry_after, seconds(3));
  EXPECT_THAT(deliveries.error().message, HasSubstr("RequestThrottled"));
}

TEST_F(SqsQueueTest, AFifoTopicGetsTheIdForDeduplicationAndAGroup) {
  respond_ = [](const auto&) { return published(); };
  auto queue = by_sns({.topic_arn = ".fifo", .message_group = "g"});
  ASSERT_TRUE(queue.publish(std::vector<Message>{{.id = "id-1", .body = "b"}}));
  EXPECT_THAT(http_.requests()[0].body,
              HasSubstr("&PublishBatchRequestEntries.member.1.MessageGroupId=g"
                        "&PublishBatchRequestEntries.member.1.MessageDeduplicationId=id-1"));
  EXPECT_TRUE(queue.caps().deduplicates);
}

TEST_F(SqsQueueTest, APollWaitsNoLongerThanTheDeadline) {
  takes_ = std::chrono::milliseconds(500);
  const SteadyTime until = clock_.steady_now() + std::chrono::milliseconds(7900);
  const auto deliveries = direct().receive(40, {.at = until});
  ASSERT_TRUE(deliveries) << deliveries.error().message;
  EXPECT_THAT(http_.requests()[0].body, HasSubstr("\"WaitTimeSeconds\":7"));
  EXPECT_THAT(http_.requests()[0].body, HasSubstr("\"MaxNumberOfMessages\":10"));
  EXPECT_THAT(http_.requests()[0].body, HasSubstr("\"VisibilityTimeout\":600"));
  EXPECT_THAT(http_.requests().back().body, HasSubstr("\"WaitTimeSeconds\":0"));
}

TEST_F(SqsQueueTest, ACountThatIsNoneIsTakenForTheFirst) {
  respond_ = [](const auto&) {
    return HttpResponse{.status = 200, .body = R"({"Messages":[
        {"ReceiptHandle":"r1","Attributes":{"ApproximateReceiveCount":"0"}},
        {"ReceiptHandle":"r2","Attributes":{"ApproximateReceiveCount":"x"}},
        {"ReceiptHandle":"r3","Attributes":{"ApproximateReceiveCount":"4"}}]})"};
  };
  const auto deliveries = direct().receive(10, {.at = clock_.steady_now()});
  ASSERT_TRUE(deliveries) << deliveries.error().message;
  std::vector<std::uint32_t> counts;
  for (const Delivery& delivery : *deliveries) counts.push_back(delivery.delivery_count);
  EXPECT_THAT(counts, ElementsAre(1u, 1u, 4u));
}

TEST_F(SqsQueueTest, AStoppedPollIsEmpty) {
  std::stop_source stop;
  respond_ = [&](const auto&) -> Result<HttpResponse> {
    stop.request_stop();
    return fail(Code::cancelled, "stopped");
  };
  const auto deliveries = direct().receive(1, {.stop = stop.get_token()});
  ASSERT_TRUE(deliveries) << deliveries.error().message;
  EXPECT_THAT(*deliveries, IsEmpty());
}

TEST_F(SqsQueueTest, AReceiptThatFailsForAnotherReasonThanItsTimeIsAnError) {
  respond_ = [](const auto&) {
    return HttpResponse{.status = 200, .body = R"({"Failed":[{"Id":"1","Code":"InternalError"}]})"};
  };
  auto queue = direct();
  const std::vector<std::string> receipts = {"a", "b"};
  EXPECT_EQ(queue.ack(receipts).error().code, Code::unavailable);
  EXPECT_EQ(queue.extend(receipts, seconds(60)).error().code, Code::unavailable);
}

TEST_F(SqsQueueTest, NoSecretIsInARequestOrAnError) {
  respond_ = [](const auto&) { return HttpResponse{.status = 403}; };
  const auto deliveries = direct().receive(1, {.at = clock_.steady_now()});
  EXPECT_THAT(deliveries.error().message, Not(HasSubstr("secret")));
  const auto requests = http_.requests();
  for (const auto& [name, value] : requests[0].headers) {
    EXPECT_THAT(value, Not(HasSubstr("secret"))) << name;
  }
}

TEST(AwsEndpoint, IsTheServicesOwnElseTheGeneralElseAmazons) {
  EXPECT_EQ(aws_endpoint("sns", "eu-west-1", {}), "https://sns.eu-west-1.amazonaws.com");
  EXPECT_EQ(aws_endpoint("sqs", "cn-north-1", {}), "https://sqs.cn-north-1.amazonaws.com.cn");
  const std::map<std::string, std::string> both = {{"AWS_ENDPOINT_URL", "http://a:1/"},
                                                   {"AWS_ENDPOINT_URL_SNS", "http://b:2"}};
  EXPECT_EQ(aws_endpoint("sns", "eu-west-1", both), "http://b:2");
  EXPECT_EQ(aws_endpoint("sqs", "eu-west-1", both), "http://a:1");
}

}  // namespace
}  // namespace waybill
