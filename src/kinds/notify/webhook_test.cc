#include "kinds/notify/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "core/notify.h"
#include "core/webhook.h"
#include "testing/builders.h"
#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"
#include "testing/told_context.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kSpec = R"({"url":"https://ci.example/hook","secrets":["hook"]})";

class WebhookKindTest : public testing::Test {
 protected:
  WebhookKindTest() {
    key_ = std::string(32, 'k');
    context_.secrets["hook"] = format_webhook_secret(key_);
  }

  static Task task(std::string_view spec = kSpec) {
    Task task;
    task.request = a_task(1)
                       .kind(std::string(kWebhookKind))
                       .spec(std::string(spec))
                       .params(R"({"name":"nightly","outcome":"failed","task":{"id":"t-1"}})");
    task.created_at = from_micros(1'000'000);
    return task;
  }

  Outcome run(const Result<HttpResponse>& answer, const Task& task = WebhookKindTest::task()) {
    auto http = std::make_unique<FakeHttpClient>([answer](const HttpRequest&) { return answer; });
    FakeHttpClient& client = *http;
    WebhookKind kind(std::move(http), clock_);
    Outcome outcome = kind.run(task, context_);
    requests_ = client.requests();
    return outcome;
  }
  static outcome::Failed failure(const Outcome& outcome) {
    return std::get<outcome::Failed>(outcome);
  }
  std::string header_of_request(std::string_view name) const {
    for (const auto& [key, value] : requests_.at(0).headers) {
      if (key == name) return value;
    }
    return "";
  }

  SimClock clock_{OnWait::blocks};
  ToldContext context_;
  std::string key_;
  std::vector<HttpRequest> requests_;
};

TEST_F(WebhookKindTest, ACloudEventIsPostedAndSigned) {
  ASSERT_TRUE(std::holds_alternative<outcome::Succeeded>(run(HttpResponse{.status = 204})));
  ASSERT_THAT(requests_, SizeIs(1));
  EXPECT_EQ(requests_[0].url, "https://ci.example/hook");
  EXPECT_EQ(header_of_request("webhook-id"), to_string(task_id(1)));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch();
  EXPECT_EQ(header_of_request("webhook-timestamp"), std::to_string(seconds.count()));
  EXPECT_EQ(header_of_request("webhook-signature"),
            webhook_signature(std::vector{key_}, to_string(task_id(1)), seconds.count(),
                              requests_[0].body));
  const auto event = json::parse(requests_[0].body).value();
  EXPECT_EQ(event.at("type"), "waybill.notification.task.failed");
  EXPECT_EQ(event.at("subject"), "t-1");
  EXPECT_EQ(event.at("time"), "1970-01-01T00:00:01Z");
  EXPECT_EQ(event.at("data").at("name"), "nightly");
}

TEST_F(WebhookKindTest, WhatMayPassIsTriedAgain) {
  for (const int status : {408, 425, 429, 500, 503}) {
    EXPECT_EQ(failure(run(HttpResponse{.status = status})).failure_class, FailureClass::transient)
        << status;
  }
  for (const int status : {301, 400, 401, 404, 410}) {
    EXPECT_EQ(failure(run(HttpResponse{.status = status})).failure_class, FailureClass::permanent)
        << status;
  }
  for (const Code code : {Code::unavailable, Code::deadline_exceeded, Code::failed_precondition}) {
    EXPECT_EQ(failure(run(fail(code, "x"))).failure_class, FailureClass::transient);
  }
  EXPECT_EQ(failure(run(fail(Code::permission_denied, "10.0.0.1"))).failure_class,
            FailureClass::permanent);
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(run(fail(Code::cancelled, "x"))));
}

TEST_F(WebhookKindTest, ItIsLeftAloneAsLongAsItAsks) {
  const auto failed =
      failure(run(HttpResponse{.status = 503, .headers = {{"retry-after", "120"}}}));
  EXPECT_EQ(failed.retry_after, std::chrono::seconds(120));
}

TEST_F(WebhookKindTest, WithoutItsKeyNothingIsSent) {
  context_.secrets.clear();
  const auto failed = failure(run(HttpResponse{.status = 200}));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_THAT(failed.error, HasSubstr("hook"));
  EXPECT_THAT(requests_, IsEmpty());
  context_.secrets["hook"] = "no key";
  EXPECT_EQ(failure(run(HttpResponse{.status = 200})).failure_class, FailureClass::permanent);
  context_.secrets.clear();
  context_.secret_refusal = Code::unavailable;
  EXPECT_EQ(failure(run(HttpResponse{.status = 200})).failure_class, FailureClass::transient);
}

TEST_F(WebhookKindTest, SpecsThatCanNeverBeSentAreRefused) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({"url":"https://x"})", "secrets"},
      {R"({"url":"ftp://x","secrets":["a"]})", "/url: "},
      {R"({"url":"https://u:p@x","secrets":["a"]})", "/url: "},
      {R"({"url":"https://x","secrets":["A b"]})", "/secrets: "},
      {R"({"url":"https://x","secrets":[]})", "/secrets"}};
  for (const auto& [spec, where] : bad) {
    const Status checked = WebhookKind().check(task(spec).request);
    ASSERT_FALSE(checked) << spec;
    EXPECT_THAT(checked.error().message, HasSubstr(where));
  }
}

}  // namespace
}  // namespace waybill
