// A webhook is told by one server at a time, which goes on where it was left.

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

TEST_F(WebhookSenderTest, GoneEndsItUntilItIsResumed) {
  address_ = [](const HttpRequest&) { return answered(410); };
  change(2);
  run();
  clock_.advance(1h);
  run();
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_EQ(hook().state, WebhookState::gone);
  address_ = [](const HttpRequest&) { return answered(200); };
  ASSERT_TRUE(store_.set_state("ci", WebhookState::active, clock_.now(), "test"));
  run();
  EXPECT_THAT(sent(), SizeIs(3)) << "the first again, and the second";
}

TEST_F(WebhookSenderTest, RedirectsAreNotFollowedAndSaidSo) {
  address_ = [](const HttpRequest&) {
    return answered(302, {{"location", "https://evil.example"}});
  };
  change(1);
  run();
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_EQ(hook().health.error, "it answered 302, and redirects are not followed");
}

TEST_F(WebhookSenderTest, WithoutItsSecretNothingIsSentAndItSaysWhy) {
  add_hook({}, "lost");
  change(1);
  run();
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_THAT(hook().health.error, HasSubstr("waybill secret set"));
}

TEST_F(WebhookSenderTest, PausedItWaitsAndMissesNothing) {
  ASSERT_TRUE(store_.set_state("ci", WebhookState::paused, clock_.now(), "test"));
  change(2);
  run();
  EXPECT_THAT(sent(), IsEmpty());
  ASSERT_TRUE(store_.set_state("ci", WebhookState::active, clock_.now(), "test"));
  run();
  EXPECT_THAT(sequences(), ElementsAre(1, 2));
}

TEST_F(WebhookSenderTest, OfTwoServersOneSendsAndTheOtherTakesOver) {
  WebhookSender other = make("two");
  change(1);
  run();
  change(1);
  run(other);
  EXPECT_THAT(sequences(), ElementsAre(1)) << "it is held by the first";
  clock_.advance(21s);
  run(other);
  EXPECT_THAT(sequences(), ElementsAre(1, 2));
  change(1);
  run();
  EXPECT_THAT(sequences(), ElementsAre(1, 2)) << "now the first has to wait";
}

TEST_F(WebhookSenderTest, OneThatEndsLetsAnotherGoOnAtOnce) {
  WebhookSender other = make("two");
  change(1);
  run();
  sender_.release();
  change(1);
  run(other);
  EXPECT_THAT(sequences(), ElementsAre(1, 2));
}

TEST_F(WebhookSenderTest, NothingIsSentThatMayOutlastTheHold) {
  address_ = [&](const HttpRequest&) {
    clock_.advance(6s);  // each takes long
    return answered(200);
  };
  change(5);
  ASSERT_TRUE(sender_.step({})) << "it is held from now on";
  ASSERT_TRUE(sender_.step({}));
  EXPECT_THAT(sequences(), ElementsAre(1, 2)) << "the rest once it is held anew";
  run();
  EXPECT_THAT(sequences(), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(WebhookSenderTest, ANewServerGoesOnWhereTheOldOneWas) {
  change(3);
  run();
  clock_.advance(2min);
  WebhookSender next = make("two");
  change(1);
  run(next);
  EXPECT_THAT(sequences(), ElementsAre(1, 2, 3, 4));
}

TEST_F(WebhookSenderTest, ManyAreUnderWayAtOnceAndNoneIsLost) {
  WebhookSender fast = make("fast", 8);
  int times = 0;
  Mutex mutex;
  address_ = [&](const HttpRequest&) {
    const Lock lock(mutex);
    return answered(++times % 50 == 0 ? 500 : 200);
  };
  change(400);
  for (int i = 0; i < 600; ++i) {
    run(fast);
    clock_.advance(1s);
  }
  std::set<std::int64_t> told;
  for (const std::int64_t sequence : sequences()) told.insert(sequence);
  EXPECT_EQ(told.size(), 400U);
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(WebhookSenderTest, WhatIsGoneFromTheLedgerIsCountedAndTheRestIsTold) {
  change(100);
  reader_.forgotten = 60;
  run();
  EXPECT_THAT(sent(), SizeIs(40));
  EXPECT_EQ(sequences().front(), 61);
  EXPECT_EQ(hook().health.gaps, 1);
}

TEST_F(WebhookSenderTest, WhereItIsIsWrittenDownAlsoWhenNothingIsWanted) {
  add_hook({State::failed});
  change(5);
  run();
  EXPECT_EQ(told_until(), 0U) << "not for each change";
  clock_.advance(31s);
  change(1);
  run();
  run();
  EXPECT_EQ(told_until(), 6U);
  EXPECT_THAT(sent(), IsEmpty());
}

}  // namespace
}  // namespace waybill
