// What every WebhookStore does.

#include <gmock/gmock.h>

#include "tests/conformance/webhook_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WebhookStoreConformance);

std::vector<Webhook> WebhookStoreConformance::list() {
  auto hooks = store().list();
  EXPECT_TRUE(hooks) << hooks.error().message;
  return hooks ? std::move(*hooks) : std::vector<Webhook>();
}

Webhook WebhookStoreConformance::the_one() {
  auto hooks = list();
  EXPECT_EQ(hooks.size(), 1U);
  return hooks.empty() ? Webhook{} : std::move(hooks.front());
}

std::vector<WebhookDelivery> WebhookStoreConformance::deliveries(const std::string& name) {
  auto found = store().deliveries({.name = name, .limit = 10'000});
  EXPECT_TRUE(found) << found.error().message;
  return found ? std::move(*found) : std::vector<WebhookDelivery>();
}

namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

constexpr Time kNow = Time(std::chrono::hours(24 * 365 * 56));
Time later(int seconds) { return kNow + std::chrono::seconds(seconds); }

Uuid id_of(std::uint8_t last) {
  Uuid id;
  id.bytes[15] = last;
  return id;
}

WebhookPut a_hook(std::string name, std::uint8_t id = 1) {
  return {.settings = {.name = std::move(name),
                       .url = "https://x.example/hook",
                       .states = {State::failed},
                       .queues = {"a", "b"},
                       .kinds = {"command"},
                       .definitions = {},
                       .secrets = {"key"}},
          .id = id_of(id),
          .sequence = 7,
          .at = kNow,
          .by = "token:root"};
}

WebhookDelivery failed(std::uint64_t sequence, int next_s = 5) {
  return {.sequence = sequence,
          .body = "{\"n\":" + std::to_string(sequence) + "}",
          .attempts = 1,
          .next_at = later(next_s),
          .status = 503,
          .error = "busy"};
}

/// As it is listed.
WebhookDelivery unread(WebhookDelivery delivery) {
  delivery.body.clear();
  return delivery;
}

WebhookDelivery given_up(std::uint64_t sequence) {
  WebhookDelivery delivery = failed(sequence);
  delivery.next_at = {};
  delivery.given_up = true;
  delivery.attempts = 10;
  return delivery;
}

WebhookSettlement settlement(std::uint64_t sequence, std::vector<WebhookDelivery> failures = {}) {
  return {.name = "ci",
          .id = id_of(1),
          .holder = "one",
          .health = {.sequence = sequence},
          .changed_at = kNow,
          .failed = std::move(failures)};
}

}  // namespace

TEST_P(WebhookStoreConformance, BeginsEmpty) {
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_THAT(deliveries("ci"), IsEmpty());
  EXPECT_EQ(store().remove("ci").error().code, Code::not_found);
  EXPECT_EQ(store().set_state("ci", WebhookState::paused, kNow, "x").error().code, Code::not_found);
  EXPECT_EQ(store().hold("ci", "one", kNow, later(30)), false);
  EXPECT_EQ(store().settle(settlement(1)).error().code, Code::aborted);
  EXPECT_EQ(store().revive("ci", kNow), 0U);
}

TEST_P(WebhookStoreConformance, OneIsKeptWithAllItsSettings) {
  EXPECT_EQ(store().put(a_hook("ci")), WebhookPutDone::made);
  const Webhook hook = the_one();
  EXPECT_EQ(hook.settings, a_hook("ci").settings);
  EXPECT_EQ(hook.id, id_of(1));
  EXPECT_EQ(hook.state, WebhookState::active);
  EXPECT_EQ(hook.health, WebhookHealth{.sequence = 7});
  EXPECT_EQ(hook.created_at, kNow);
  EXPECT_EQ(hook.changed_by, "token:root");
  EXPECT_EQ(store().put(a_hook("ab", 2)), WebhookPutDone::made);
  EXPECT_THAT(list(), ElementsAre(Field(&Webhook::id, id_of(2)), Field(&Webhook::id, id_of(1))));
}

TEST_P(WebhookStoreConformance, OtherSettingsLeaveTheRestAsItIs) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  ASSERT_TRUE(store().settle(settlement(20, {failed(9)})));
  WebhookPut other = a_hook("ci", 9);
  other.settings.url = "https://y.example";
  other.sequence = 100;
  other.at = later(60);
  EXPECT_EQ(store().put(other), WebhookPutDone::replaced);
  const Webhook hook = the_one();
  EXPECT_EQ(hook.settings.url, "https://y.example");
  EXPECT_EQ(hook.id, id_of(1));
  EXPECT_EQ(hook.health.sequence, 20U);
  EXPECT_EQ(hook.created_at, kNow);
  EXPECT_EQ(hook.changed_at, later(60));
  EXPECT_EQ(deliveries("ci").size(), 1U);
}

TEST_P(WebhookStoreConformance, WhatNoStoreMayTakeIsRefused) {
  WebhookPut wrong = a_hook("ci");
  wrong.settings.url = "ftp://x.example";
  EXPECT_EQ(store().put(wrong).error().code, Code::invalid_argument);
  EXPECT_THAT(list(), IsEmpty());
}

TEST_P(WebhookStoreConformance, ThereIsABoundToHowMany) {
  for (std::size_t i = 0; i < kWebhooksMax; ++i) {
    ASSERT_TRUE(store().put(a_hook("h" + std::to_string(i), static_cast<std::uint8_t>(i + 1))));
  }
  EXPECT_EQ(store().put(a_hook("more", 250)).error().code, Code::failed_precondition);
  EXPECT_EQ(store().put(a_hook("h1", 251)), WebhookPutDone::replaced);
}

TEST_P(WebhookStoreConformance, OnlyOneHoldsIt) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  EXPECT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  EXPECT_EQ(store().hold("ci", "two", later(29), later(59)), false);
  EXPECT_EQ(store().hold("ci", "one", later(10), later(40)), true) << "it may go on";
  EXPECT_EQ(store().hold("ci", "two", later(39), later(69)), false);
  EXPECT_EQ(store().hold("ci", "two", later(40), later(70)), true);
  EXPECT_EQ(store().settle(settlement(8)).error().code, Code::aborted) << "one lost it";
  EXPECT_EQ(the_one().health.sequence, 7U);
}

TEST_P(WebhookStoreConformance, WhatAnotherOneWritesChangesNothing) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  ASSERT_TRUE(store().settle(settlement(8, {failed(8)})));
  WebhookSettlement others = settlement(9, {failed(9)});
  others.holder = "two";
  others.delivered = {8};
  EXPECT_EQ(store().settle(others).error().code, Code::aborted);
  EXPECT_THAT(deliveries("ci"), ElementsAre(unread(failed(8))));
}

TEST_P(WebhookStoreConformance, AHoldEndsThoughTheClockWentBack) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", later(3600), later(3630)), true);
  EXPECT_EQ(store().hold("ci", "two", kNow, later(30)), true);
}

TEST_P(WebhookStoreConformance, WhoLetsGoTakesItFromNobodyElse) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  EXPECT_EQ(store().hold("ci", "two", later(1), later(1)), false);
  EXPECT_EQ(store().hold("ci", "two", later(1), later(31)), false) << "it is the first one's still";
  EXPECT_EQ(store().hold("ci", "one", later(1), later(1)), true);
  EXPECT_EQ(store().hold("ci", "two", later(1), later(31)), true);
}

TEST_P(WebhookStoreConformance, WhoHeldItLastMayStillWriteIfNobodyElseHoldsIt) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, kNow), true);
  EXPECT_TRUE(store().settle(settlement(9)));
}

TEST_P(WebhookStoreConformance, AnotherAddressIsTriedAtOnce) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  WebhookSettlement bad = settlement(9);
  bad.health.failures = 4;
  bad.health.wait_until = later(100);
  bad.gone = true;
  ASSERT_TRUE(store().settle(bad));
  ASSERT_EQ(store().put(a_hook("ci")), WebhookPutDone::replaced);
  EXPECT_EQ(the_one().state, WebhookState::gone) << "the same address";
  WebhookPut moved = a_hook("ci");
  moved.settings.url = "https://y.example";
  ASSERT_EQ(store().put(moved), WebhookPutDone::replaced);
  EXPECT_EQ(the_one().state, WebhookState::active);
  EXPECT_EQ(the_one().health.failures, 0);
  EXPECT_EQ(the_one().health.wait_until, Time{});
  EXPECT_EQ(the_one().health.sequence, 9U);
}

TEST_P(WebhookStoreConformance, TheOldAddressDoesNotEndTheNewOne) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  WebhookPut moved = a_hook("ci");
  moved.settings.url = "https://y.example";
  moved.at = later(1);
  ASSERT_EQ(store().put(moved), WebhookPutDone::replaced);
  WebhookSettlement gone = settlement(9);
  gone.gone = true;
  ASSERT_TRUE(store().settle(gone));
  EXPECT_EQ(the_one().state, WebhookState::active);
}

TEST_P(WebhookStoreConformance, WhatCameOfSendingIsKept) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  WebhookSettlement first = settlement(12, {failed(9), failed(11)});
  first.health.failures = 2;
  first.health.wait_until = later(2);
  first.health.succeeded_at = later(1);
  first.health.failed_at = later(1);
  first.health.status = 503;
  first.health.error = "busy";
  first.health.gaps = 3;
  ASSERT_TRUE(store().settle(first));
  EXPECT_EQ(the_one().health, first.health);
  EXPECT_THAT(deliveries("ci"), ElementsAre(unread(failed(9)), unread(failed(11))));
  WebhookDelivery again = failed(11, 300);
  again.attempts = 2;
  WebhookSettlement second = settlement(12, {again});
  second.delivered = {9};
  ASSERT_TRUE(store().settle(second));
  EXPECT_THAT(deliveries("ci"), ElementsAre(unread(again)));
}

TEST_P(WebhookStoreConformance, TheBodyOfADeliveryNeverChanges) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  ASSERT_TRUE(store().settle(settlement(12, {failed(9)})));
  WebhookDelivery other = failed(9);
  other.body = "{}";
  ASSERT_TRUE(store().settle(settlement(12, {other})));
  EXPECT_EQ(deliveries("ci").at(0).body, "") << "they are listed without";
  const auto due = store().deliveries({.name = "ci", .due_at = later(1000)});
  EXPECT_EQ(due->at(0).body, failed(9).body);
}

TEST_P(WebhookStoreConformance, WhatIsDueIsFoundTheLongestDueFirst) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  ASSERT_TRUE(store().settle(
      settlement(20, {failed(9, 30), failed(10, 10), failed(11, 20), given_up(12)})));
  const auto due = [&](int at, std::size_t limit = 100) {
    std::vector<std::uint64_t> found;
    const auto deliveries = store().deliveries({.name = "ci", .due_at = later(at), .limit = limit});
    for (const WebhookDelivery& delivery : deliveries.value()) found.push_back(delivery.sequence);
    return found;
  };
  EXPECT_THAT(due(9), IsEmpty());
  EXPECT_THAT(due(20), ElementsAre(10, 11));
  EXPECT_THAT(due(1000), ElementsAre(10, 11, 9));
  EXPECT_THAT(due(1000, 2), ElementsAre(10, 11));
  EXPECT_EQ(store().deliveries({.name = "ci", .after = 10, .limit = 1})->at(0).sequence, 11U);
}

TEST_P(WebhookStoreConformance, WhatWasGivenUpIsSentAgainWhenAskedFor) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  ASSERT_TRUE(store().settle(settlement(20, {given_up(9), failed(10)})));
  EXPECT_EQ(store().revive("ci", later(1)), 1U);
  EXPECT_EQ(store().revive("ci", later(1)), 0U);
  const WebhookDelivery revived = deliveries("ci").at(0);
  EXPECT_FALSE(revived.given_up);
  EXPECT_EQ(revived.next_at, later(1));
  EXPECT_EQ(revived.attempts, 1);
  EXPECT_EQ(deliveries("ci").at(1), unread(failed(10)));
}

TEST_P(WebhookStoreConformance, OfWhatWasGivenUpTheNewestStay) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  std::vector<WebhookDelivery> many = {failed(1)};
  for (std::uint64_t i = 0; i < kWebhookGivenUpMax + 5; ++i) many.push_back(given_up(10 + i));
  ASSERT_TRUE(store().settle(settlement(5000, many)));
  const auto kept = deliveries("ci");
  ASSERT_EQ(kept.size(), kWebhookGivenUpMax + 1);
  EXPECT_EQ(kept[0].sequence, 1U) << "those that are still tried are not counted";
  EXPECT_EQ(kept[1].sequence, 15U);
}

TEST_P(WebhookStoreConformance, PausingKeepsAndResumingForgivesFailures) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  WebhookSettlement bad = settlement(9);
  bad.health.failures = 4;
  bad.health.wait_until = later(100);
  bad.gone = true;
  ASSERT_TRUE(store().settle(bad));
  EXPECT_EQ(the_one().state, WebhookState::gone);
  ASSERT_TRUE(store().set_state("ci", WebhookState::paused, later(5), "cli:ann"));
  EXPECT_EQ(the_one().state, WebhookState::paused);
  EXPECT_EQ(the_one().health.failures, 4);
  ASSERT_TRUE(store().settle(settlement(10))) << "what was under way is written down";
  EXPECT_EQ(the_one().state, WebhookState::paused);
  ASSERT_TRUE(store().set_state("ci", WebhookState::active, later(6), "cli:bob"));
  const Webhook hook = the_one();
  EXPECT_EQ(hook.state, WebhookState::active);
  EXPECT_EQ(hook.health.failures, 0);
  EXPECT_EQ(hook.health.wait_until, Time{});
  EXPECT_EQ(hook.changed_by, "cli:bob");
  EXPECT_EQ(hook.changed_at, later(6));
}

TEST_P(WebhookStoreConformance, ANewOneOfTheSameNameStartsAfresh) {
  ASSERT_TRUE(store().put(a_hook("ci")));
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  ASSERT_TRUE(store().settle(settlement(12, {failed(9)})));
  ASSERT_TRUE(store().remove("ci"));
  ASSERT_TRUE(store().put(a_hook("ci", 2)));
  EXPECT_THAT(deliveries("ci"), IsEmpty());
  EXPECT_EQ(the_one().health.sequence, 7U);
  ASSERT_EQ(store().hold("ci", "one", kNow, later(30)), true);
  EXPECT_EQ(store().settle(settlement(13)).error().code, Code::aborted)
      << "what came of sending for the old one is not the new one's";
}

}  // namespace waybill
