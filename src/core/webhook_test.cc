#include "core/webhook.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "core/webhook_json.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

WebhookSettings a_hook() {
  return {.name = "ci",
          .url = "https://ci.example/hook?x=1",
          .states = {State::failed},
          .queues = {"build"},
          .kinds = {},
          .definitions = {},
          .secrets = {"hook-key"}};
}

const Uuid kHook = parse_uuid("01890000-0000-7000-8000-000000000001").value();
const Uuid kTask = parse_uuid("01890000-0000-7000-8000-000000000002").value();

WebhookEvent an_event() {
  WebhookEvent event{.sequence = 42, .task_id = kTask, .queue = "build", .entry = {}, .task = {}};
  event.entry.at = parse_time("2026-11-27T12:00:00.25Z").value();
  event.entry.state = State::failed;
  event.entry.reason = "exit 3";
  return event;
}

TEST(WebhookTest, TheSignatureIsThatOfStandardWebhooks) {
  // The example of the specification's libraries.
  const auto key = parse_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key);
  const std::string keys[] = {*key};
  EXPECT_EQ(webhook_signature(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                              R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  EXPECT_EQ(format_webhook_secret(*key), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}

TEST(WebhookTest, EachKeySigns) {
  const std::string keys[] = {"one", "two"};
  const std::string both = webhook_signature(keys, "id", 1, "{}");
  EXPECT_EQ(both, webhook_signature(std::span(keys, 1), "id", 1, "{}") + " " +
                      webhook_signature(std::span(keys + 1, 1), "id", 1, "{}"));
  EXPECT_NE(webhook_signature(std::span(keys, 1), "id", 2, "{}"),
            webhook_signature(std::span(keys, 1), "id", 1, "{}"));
}

TEST(WebhookTest, ASecretOfAnotherFormIsRefusedAndNotRepeated) {
  for (const std::string_view secret :
       {"", "hunter2", "whsec_", "whsec_aHVudGVyMg==", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"}) {
    const auto key = parse_webhook_secret(secret);
    ASSERT_FALSE(key) << secret;
    EXPECT_THAT(key.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST(WebhookTest, WhatNoStoreMayTakeIsRefused) {
  EXPECT_TRUE(check_webhook(a_hook()));
  const auto refused = [](const std::function<void(WebhookSettings&)>& change) {
    WebhookSettings hook = a_hook();
    change(hook);
    const Status fits = check_webhook(hook);
    return fits ? "" : fits.error().message;
  };
  EXPECT_THAT(refused([](auto& hook) { hook.name = "A"; }), HasSubstr("name"));
  for (const std::string url :
       {"", "ci.example", "ftp://ci.example", "https://", "https:///x", "https://:443/",
        "https://[zz]/", "https://[::1", "https://x:0", "https://x:99999/", "https://x:/",
        "https://[::1]x/", "https://a:b@ci.example", "https://ci.example/#x",
        "https://ci.example/ x", "https://ci.example/\xc3\xa9"}) {
    EXPECT_THAT(refused([&](auto& hook) { hook.url = url; }), HasSubstr("url: ")) << url;
  }
  for (const std::string url : {"https://x:443", "https://[2001:db8::1]:8443/x", "https://x?y"}) {
    EXPECT_EQ(refused([&](auto& hook) { hook.url = url; }), "") << url;
  }
  EXPECT_THAT(refused([](auto& hook) { hook.states.assign(8, State::failed); }),
              HasSubstr("states"));
  EXPECT_THAT(refused([](auto& hook) { hook.queues = {"A"}; }), HasSubstr("queues"));
  EXPECT_THAT(refused([](auto& hook) { hook.secrets = {}; }), HasSubstr("secrets"));
  EXPECT_THAT(refused([](auto& hook) {
                hook.secrets = {"a", "b", "c", "d"};
              }),
              HasSubstr("secrets"));
}

TEST(WebhookTest, ItWantsWhatItsListsSay) {
  const WebhookSettings hook = a_hook();
  EXPECT_TRUE(wants_change(hook, "build", State::failed));
  EXPECT_FALSE(wants_change(hook, "other", State::failed));
  EXPECT_FALSE(wants_change(hook, "build", State::succeeded));
  EXPECT_TRUE(wants_change({}, "any", State::ready));
  WebhookSettings picky = hook;
  picky.kinds = {"command"};
  EXPECT_FALSE(asks_for_task(hook));
  EXPECT_TRUE(asks_for_task(picky));
  TaskRequest task;
  task.kind = "noop";
  EXPECT_FALSE(wants_task(picky, task));
  EXPECT_TRUE(wants_task(hook, task));
}

TEST(WebhookTest, AChangeIsACloudEvent) {
  const auto event = json::parse(webhook_body(kHook, an_event())).value().get_object();
  EXPECT_EQ(event.at("specversion"), "1.0");
  EXPECT_EQ(event.at("id"), "01890000-0000-7000-8000-000000000001_42");
  EXPECT_EQ(event.at("source"), "urn:uuid:01890000-0000-7000-8000-000000000001");
  EXPECT_EQ(event.at("type"), "waybill.task.failed");
  EXPECT_EQ(event.at("subject").as_string(), to_string(kTask));
  EXPECT_EQ(event.at("time"), "2026-11-27T12:00:00.250Z");
  const auto& data = event.at("data").get_object();
  EXPECT_EQ(data.at("sequence"), 42);
  EXPECT_EQ(data.at("reason"), "exit 3");
  EXPECT_TRUE(data.at("task").is_null());
}

TEST(WebhookTest, ATaskIsToldWithoutItsParams) {
  WebhookEvent event = an_event();
  Task task;
  task.request.id = kTask;
  task.request.params = R"({"password":"hunter2"})";
  task.request.spec = R"({"shell":"hunter2"})";
  task.status.result = R"({"rows":3})";
  event.task = task;
  const std::string body = webhook_body(kHook, event);
  EXPECT_THAT(body, Not(HasSubstr("hunter2")));
  EXPECT_THAT(body, HasSubstr(R"("rows":3)"));
}

TEST(WebhookTest, WhatIsTooLargeIsToldInShort) {
  WebhookEvent event = an_event();
  Task task;
  task.request.id = kTask;
  task.status.result = "\"" + std::string(200'000, 'x') + "\"";
  task.status.error = std::string(100'000, 'y');
  event.entry.reason = std::string(100'000, 'z');
  event.task = task;
  const std::string body = webhook_body(kHook, event);
  EXPECT_LE(body.size(), kWebhookBodyBytesMax);
  const auto data = json::parse(body).value().get_object().at("data").get_object();
  EXPECT_EQ(data.at("shortened"), true);
  EXPECT_TRUE(data.at("task").get_object().at("result").is_null());
  event.task->request.labels = {{"a", std::string(100'000, 'l')}};
  EXPECT_LE(webhook_body(kHook, event).size(), kWebhookBodyBytesMax);
}

TEST(WebhookTest, TenAttemptsAreMadeInThreeDays) {
  Duration all{};
  std::int64_t attempts = 1;
  for (; const auto delay = webhook_retry_delay(attempts, 0); ++attempts) all += *delay;
  EXPECT_EQ(attempts, 10);
  EXPECT_GT(all, 72h);
  EXPECT_LT(all, 96h);
  EXPECT_GT(webhook_retry_delay(2, 0.9).value(), webhook_retry_delay(2, 0).value());
}

TEST(WebhookTest, AnAddressThatFailsIsLeftAloneForLonger) {
  EXPECT_EQ(webhook_pause(0), 0s);
  EXPECT_EQ(webhook_pause(1), 1s);
  EXPECT_EQ(webhook_pause(4), 8s);
  EXPECT_EQ(webhook_pause(9), 256s);
  EXPECT_EQ(webhook_pause(10), 5min);
  EXPECT_EQ(webhook_pause(1'000'000), 5min);
}

TEST(WebhookTest, ItsSettingsAreReadAsTheyAreWritten) {
  EXPECT_EQ(read_webhook_settings("ci", webhook_settings_to_json(a_hook())), a_hook());
  const auto bare = read_webhook_settings("ci", {{"url", "https://x.example"}});
  EXPECT_EQ(bare->states, (std::vector{State::succeeded, State::failed, State::cancelled}));
  EXPECT_EQ(read_webhook_settings("ci", {{"states", {"done"}}}).error().code,
            Code::invalid_argument);
  EXPECT_EQ(read_webhook_settings("ci", {{"queues", {1}}}).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace waybill
