#include "services/webhook_sender.h"

#include <gmock/gmock.h>

#include <numeric>
#include <set>

#include "tests/services/webhook_sender_fixture.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(WebhookSenderTest, EachChangeIsToldOnceInOrderAndSigned) {
  change(3);
  run();
  EXPECT_THAT(sequences(), ElementsAre(1, 2, 3));
  change(1);
  run();
  EXPECT_THAT(sequences(), ElementsAre(1, 2, 3, 4));
  const HttpRequest request = sent().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://ci.example/hook");
  const std::string id = "01890000-0000-7000-8000-000000000001_1048576";
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch();
  const std::string keys[] = {parse_webhook_secret(kWebhookSecret).value()};
  EXPECT_EQ(header_of(request, "webhook-id"), id);
  EXPECT_EQ(header_of(request, "webhook-timestamp"), std::to_string(now.count()));
  EXPECT_EQ(header_of(request, "webhook-signature"),
            webhook_signature(keys, id, now.count(), request.body));
  EXPECT_EQ(header_of(request, "Content-Type"), "application/cloudevents+json; charset=utf-8");
  EXPECT_EQ(told_until(), 4U);
  EXPECT_EQ(hook().health.succeeded_at, clock_.now());
  EXPECT_EQ(sender_.counts().delivered, 4U);
}

TEST_F(WebhookSenderTest, OnlyWhatIsWantedIsTold) {
  kinds_ = {"command"};
  add_hook({State::ready});
  change(2, "noop");
  change(1, "command");
  run();
  EXPECT_THAT(sequences(), ElementsAre(3));
  add_hook({State::failed});
  change(2, "command");
  run();
  EXPECT_THAT(sequences(), ElementsAre(3));
}

TEST_F(WebhookSenderTest, WhatIsNotTakenIsSentAgainWithTheSameIdAndBody) {
  int times = 0;
  address_ = [&](const HttpRequest&) { return answered(++times == 1 ? 500 : 200); };
  change(1);
  run();
  ASSERT_THAT(waiting(), SizeIs(1));
  EXPECT_EQ(waiting()[0].attempts, 1);
  EXPECT_EQ(waiting()[0].status, 500);
  EXPECT_EQ(hook().health.failures, 1);
  EXPECT_EQ(hook().health.error, "it answered 500");
  EXPECT_EQ(told_until(), 1U);
  clock_.advance(5s);
  run();
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_EQ(sent()[0].body, sent()[1].body);
  EXPECT_EQ(header_of(sent()[0], "webhook-id"), header_of(sent()[1], "webhook-id"));
  EXPECT_NE(header_of(sent()[0], "webhook-signature"), header_of(sent()[1], "webhook-signature"))
      << "signed anew, with its own time";
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_EQ(hook().health.failures, 0);
  EXPECT_EQ(hook().health.error, "");
}

TEST_F(WebhookSenderTest, AStepBeginsNoMessageThatCouldOutlastIt) {
  std::chrono::seconds takes = 4s;
  address_ = [&](const HttpRequest&) {
    clock_.advance(takes);
    return answered(204);
  };
  change(5);
  const SteadyTime until = clock_.steady_now() + 15s;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(sender_.step({.at = until}));
  EXPECT_THAT(sequences(), ElementsAre(1, 2)) << "eight seconds in, ten more would be too late";
  EXPECT_EQ(told_until(), 2U);
  EXPECT_EQ(hook().health.failures, 0);
  takes = 0s;
  run();
  EXPECT_THAT(sequences(), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(WebhookSenderTest, OneMessageThatIsNeverTakenHoldsUpNoOther) {
  address_ = [&](const HttpRequest& request) {
    return answered(number_of(request) == 2 ? 400 : 200);
  };
  change(5);
  run();
  EXPECT_THAT(sequences(), ElementsAre(1, 2)) << "after a failure it is left alone for a moment";
  clock_.advance(1s);
  run();
  EXPECT_THAT(sequences(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(waiting(), SizeIs(1));
}

TEST_F(WebhookSenderTest, ManyMessagesThatAreNeverTakenHoldUpNoOther) {
  address_ = [&](const HttpRequest& request) {
    return answered(number_of(request) <= 100 ? 400 : 200);
  };
  change(100);
  for (int i = 0; i < 3600; ++i) {
    run();
    clock_.advance(1s);
  }
  const std::size_t in_vain = sent().size();
  change(20);
  for (int i = 0; i < 2400; ++i) {
    run();
    clock_.advance(1s);
  }
  std::set<std::int64_t> taken;
  for (const HttpRequest& request : sent()) {
    if (number_of(request) > 100) taken.insert(number_of(request));
  }
  EXPECT_EQ(taken.size(), 20U) << in_vain << " attempts before";
}

TEST_F(WebhookSenderTest, WhatWentWrongBesideWhatWentWellIsNotForgotten) {
  WebhookSender fast = make("fast", 8);
  address_ = [&](const HttpRequest& request) {
    return number_of(request) == 1 ? answered(429, {{"retry-after", "60"}}) : answered(200);
  };
  change(8);
  run(fast);
  const std::size_t first = sent().size();
  change(8);
  clock_.advance(59s);
  run(fast);
  EXPECT_THAT(sent(), SizeIs(first)) << "it asked to be left alone";
  clock_.advance(1s);
  run(fast);
  EXPECT_GT(sent().size(), first);
  EXPECT_LE(hook().health.failures, 2) << "those beside each other count once";
}

TEST_F(WebhookSenderTest, OneThatOurOwnTroubleStopsHoldsUpNoOther) {
  kinds_ = {"noop"};
  add_hook();
  WebhookPut other{.settings = hook().settings,
                   .id = parse_uuid("01890000-0000-7000-8000-000000000002").value(),
                   .sequence = 0,
                   .at = clock_.now(),
                   .by = "test"};
  change(1, "noop");
  reader_.damaged = ledger_.events(0, 1).value().at(0).id;
  change(1, "noop");
  other.settings.name = "later";
  other.settings.url = "https://later.example";
  other.sequence = 1 << SparseReader::kBits;
  ASSERT_TRUE(store_.put(other));
  for (int i = 0; i < 10; ++i) step();
  ASSERT_THAT(sent(), SizeIs(1));
  EXPECT_EQ(sent()[0].url, "https://later.example");
  reader_.damaged = {};
  clock_.advance(11s);
  for (int i = 0; i < 10; ++i) step();
  EXPECT_THAT(sent(), SizeIs(3)) << "once it is mended, it goes on";
}

TEST_F(WebhookSenderTest, ATaskThatIsGoneIsToldOnlyToWhoTakesAny) {
  class Gone final : public ForwardingReader {
   public:
    using ForwardingReader::ForwardingReader;
    Result<Task> get(const Uuid&) override { return fail(Code::not_found, "gone"); }
  } gone(ledger_);
  WebhookSender sender({.store = store_,
                        .reader = gone,
                        .post = post_,
                        .clock = clock_,
                        .chance = [] { return 0.0; }},
                       {.holder = "one"});
  change(1);
  run(sender);
  EXPECT_THAT(sent(), SizeIs(1));
  kinds_ = {"noop"};
  add_hook();
  change(1);
  run(sender);
  EXPECT_THAT(sent(), SizeIs(1));
}

TEST_F(WebhookSenderTest, AnAddressThatIsDownGetsFewMessagesAndMissesNone) {
  bool up = false;
  address_ = [&](const HttpRequest&) -> Result<HttpResponse> {
    if (!up) return fail(Code::unavailable, "connection refused");
    return answered(200);
  };
  change(500);
  for (int i = 0; i < 3600; ++i) {
    run();
    clock_.advance(1s);
  }
  EXPECT_GE(sent().size(), 15U);
  EXPECT_LE(sent().size(), 25U) << "one every five minutes, after some at first";
  const std::size_t in_vain = sent().size();
  up = true;
  for (int i = 0; i < 4 * 24 * 60; ++i) {
    run();
    clock_.advance(1min);
  }
  auto taken = sequences();
  taken.erase(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(in_vain));
  std::ranges::sort(taken);
  std::vector<std::int64_t> all(500);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(taken, all);
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(WebhookSenderTest, AfterTenAttemptsAMessageIsGivenUpAndCanBeSentAgain) {
  bool up = false;
  address_ = [&](const HttpRequest&) { return answered(up ? 200 : 503); };
  change(1);
  for (int i = 0; i < 5 * 24 * 60; ++i) {
    run();
    clock_.advance(1min);
  }
  EXPECT_THAT(sent(), SizeIs(10));
  ASSERT_THAT(waiting(), SizeIs(1));
  EXPECT_TRUE(waiting()[0].given_up);
  EXPECT_EQ(sender_.counts().given_up, 1U);
  up = true;
  EXPECT_EQ(store_.revive("ci", clock_.now()), 1U);
  run();
  EXPECT_THAT(sent(), SizeIs(11));
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(WebhookSenderTest, RetryAfterIsKeptTo) {
  int times = 0;
  address_ = [&](const HttpRequest&) {
    return ++times == 1 ? answered(429, {{"retry-after", "120"}}) : answered(200);
  };
  change(2);
  run();
  clock_.advance(119s);
  run();
  EXPECT_THAT(sent(), SizeIs(1));
  clock_.advance(1s);
  run();
  EXPECT_THAT(sent(), SizeIs(3));
}

}  // namespace
}  // namespace waybill
