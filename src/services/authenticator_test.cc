#include "services/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "testing/fake_token_store.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A store that counts what it is asked, and may be away.
class WatchedStore final : public TokenStore {
 public:
  Status put(const TokenRecord& record) override { return fake_.put(record); }
  Result<std::vector<TokenRecord>> list() override {
    ++lists;
    if (is_away) return fail(Code::unavailable, "the disk is gone");
    return fake_.list();
  }
  Status revoke(const std::string& id, Time at) override { return fake_.revoke(id, at); }
  Status note_uses(std::span<const TokenUse> uses) override {
    ++notes;
    noted += uses.size();
    if (is_away) return fail(Code::unavailable, "the disk is gone");
    return fake_.note_uses(uses);
  }

  bool is_away = false;
  std::atomic<int> lists = 0;
  int notes = 0;
  std::size_t noted = 0;

 private:
  FakeTokenStore fake_;
};

ApiToken a_token(char filling) { return make_api_token(std::string(kTokenRandomBytes, filling)); }

class AuthenticatorTest : public testing::Test {
 protected:
  /// Puts a token of that name; answers its text.
  std::string put(char filling, const std::string& name, Role role = Role::viewer,
                  Time expires_at = {}) {
    const ApiToken token = a_token(filling);
    const Status status = store_.put({.id = token.id,
                                      .name = name,
                                      .role = role,
                                      .hash = hash_of(token),
                                      .created_at = clock_.now(),
                                      .created_by = "ann",
                                      .expires_at = expires_at});
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return to_string(token);
  }
  bool lets_in(const std::string& text) { return authenticator_.authenticate(text).has_value(); }
  /// Why it is not let in.
  std::string refusal(Authenticator& authenticator, const std::string& text) {
    const auto answer = authenticator.authenticate(text);
    EXPECT_FALSE(answer.has_value());
    if (answer) return "";
    EXPECT_EQ(answer.error().code, Code::unauthenticated);
    return answer.error().message;
  }
  std::string refusal(const std::string& text) { return refusal(authenticator_, text); }
  void step() {
    const auto wait = authenticator_.step({});
    ASSERT_TRUE(wait.has_value()) << wait.error().message;
    EXPECT_EQ(*wait, 5s);
  }
  Time last_use(std::size_t number = 0) { return store_.list()->at(number).last_used_at; }

  SimClock clock_;
  WatchedStore store_;
  Authenticator authenticator_{store_, clock_};
};

TEST_F(AuthenticatorTest, TellsWhoAsksAndInWhichRole) {
  const std::string ci = put('a', "ci", Role::submitter);
  const std::string root = put('b', "root", Role::admin);
  EXPECT_EQ(authenticator_.authenticate(ci),
            (Principal{.name = "token:ci", .role = Role::submitter, .token_id = "61616161"}));
  EXPECT_EQ(authenticator_.authenticate(root),
            (Principal{.name = "token:root", .role = Role::admin, .token_id = "62626262"}));
}

TEST_F(AuthenticatorTest, SaysWhatATokenLooksLikeToWhoSendsSomethingElse) {
  put('a', "ci");
  for (const char* text : {"", "ci", "wb_61616161_", "Bearer wb_61616161_00"}) {
    EXPECT_THAT(refusal(text), HasSubstr("wb_ID_SECRET")) << text;
  }
}

TEST_F(AuthenticatorTest, SaysTheSameOfAWrongSecretAsOfATokenThatIsNotThere) {
  const std::string right = put('a', "ci");
  WatchedStore none;
  Authenticator of_none(none, clock_);
  for (std::size_t digit = 0; digit < 2 * kTokenSecretBytes; ++digit) {
    std::string wrong = right;
    char& changed = wrong[wrong.size() - 1 - digit];
    changed = changed == '0' ? '1' : '0';
    EXPECT_EQ(refusal(wrong), refusal(of_none, wrong));
  }
  EXPECT_THAT(refusal(to_string(a_token('b'))), HasSubstr("no token 62626262 with this secret"));
}

TEST_F(AuthenticatorTest, NeverRepeatsASecret) {
  const std::string expired = put('a', "ci", Role::viewer, clock_.now() + 1us);
  const std::string unknown = to_string(a_token('b'));
  clock_.advance(1us);
  for (const std::string& text : {expired, unknown, expired + "0"}) {
    EXPECT_THAT(refusal(text), testing::Not(HasSubstr(text.substr(12)))) << text;
  }
}

TEST_F(AuthenticatorTest, ATokenIsGoodUntilItExpires) {
  const std::string text = put('a', "ci", Role::viewer, clock_.now() + 1h);
  clock_.advance(1h - 1us);
  EXPECT_TRUE(lets_in(text));
  clock_.advance(1us);
  EXPECT_THAT(refusal(text), AllOf(HasSubstr("token ci (61616161) expired at 2026-11-22T13:00:00Z"),
                                   HasSubstr("waybill token create")));
}

TEST_F(AuthenticatorTest, ARevocationAndANewTokenCountAfterTwoSeconds) {
  const std::string revoked = put('a', "old");
  EXPECT_TRUE(lets_in(revoked));
  ASSERT_TRUE(store_.revoke("61616161", clock_.now()));
  const std::string made = put('b', "new");
  clock_.advance(2s - 1us);
  EXPECT_TRUE(lets_in(revoked)) << "as it was known";
  EXPECT_FALSE(lets_in(made));
  clock_.advance(1us);
  EXPECT_THAT(refusal(revoked),
              HasSubstr("token old (61616161) was revoked at 2026-11-22T12:00:00Z"));
  EXPECT_TRUE(lets_in(made));
}

TEST_F(AuthenticatorTest, AsksTheStoreAtMostOnceInTwoSeconds) {
  const std::string text = put('a', "ci");
  for (int i = 0; i < 40; ++i) {
    EXPECT_TRUE(lets_in(text));
    EXPECT_FALSE(lets_in(to_string(a_token('b'))));
    EXPECT_TRUE(*authenticator_.any_tokens());
    clock_.advance(100ms);
  }
  EXPECT_EQ(store_.lists, 2);
}

TEST_F(AuthenticatorTest, WhatIsMalformedAsksTheStoreNothing) {
  EXPECT_FALSE(lets_in("guess"));
  EXPECT_EQ(store_.lists, 0);
}

TEST_F(AuthenticatorTest, AStoreThatIsAwayLocksNobodyOutWhoIsKnown) {
  const std::string known = put('a', "ci");
  const std::string expiring = put('c', "brief", Role::viewer, clock_.now() + 30min);
  EXPECT_TRUE(lets_in(known));
  store_.is_away = true;
  for (int i = 0; i < 10; ++i) {
    clock_.advance(1min);
    EXPECT_TRUE(lets_in(known));
    EXPECT_TRUE(lets_in(expiring));
  }
  EXPECT_EQ(store_.lists, 11) << "it is asked again each time that its answer is old";
  clock_.advance(30min);
  EXPECT_FALSE(lets_in(expiring)) << "it ends all the same";
  store_.is_away = false;
  const std::string made = put('b', "new");
  clock_.advance(2s);
  EXPECT_TRUE(lets_in(made));
}

TEST_F(AuthenticatorTest, AStoreThatNeverAnsweredIsSaidToBeAwayAndAskedAgainAfterTwoSeconds) {
  const std::string text = put('a', "ci");
  store_.is_away = true;
  for (int i = 0; i < 3; ++i) {
    const auto answer = authenticator_.authenticate(text);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, Code::unavailable);
    EXPECT_EQ(answer.error().message, "reading the API tokens: the disk is gone");
  }
  EXPECT_EQ(store_.lists, 1);
  store_.is_away = false;
  EXPECT_FALSE(lets_in(text));
  clock_.advance(2s);
  EXPECT_TRUE(lets_in(text));
}

TEST_F(AuthenticatorTest, ThereAreTokensOnceOneWasMadeAlsoAfterItsEnd) {
  EXPECT_FALSE(*authenticator_.any_tokens());
  put('a', "ci", Role::viewer, clock_.now() + 1s);
  clock_.advance(2s);
  EXPECT_TRUE(*authenticator_.any_tokens()) << "it has expired";
  ASSERT_TRUE(store_.revoke("61616161", clock_.now()));
  clock_.advance(2s);
  EXPECT_TRUE(*authenticator_.any_tokens());
}

TEST_F(AuthenticatorTest, NobodyCanSayWhetherThereAreTokensUntilTheStoreGaveAnAnswer) {
  store_.is_away = true;
  EXPECT_EQ(authenticator_.any_tokens().error().code, Code::unavailable);
  store_.is_away = false;
  clock_.advance(2s);
  EXPECT_FALSE(*authenticator_.any_tokens());
}

TEST_F(AuthenticatorTest, ManyThreadsShareOneAnswerOfTheStore) {
  const std::string text = put('a', "ci");
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(lets_in(text));
    });
  }
  threads.clear();
  EXPECT_EQ(store_.lists, 1);
  step();
  EXPECT_EQ(last_use(), clock_.now());
}

TEST_F(AuthenticatorTest, EveryThreadIsRefusedOnceTheTokenIsRevokedAndTwoSecondsOver) {
  const std::string text = put('a', "ci");
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      while (lets_in(text)) continue;
    });
  }
  for (int i = 0; i < 100; ++i) {
    clock_.advance(1s);
    step();
  }
  ASSERT_TRUE(store_.revoke("61616161", clock_.now()));
  clock_.advance(2s);
  threads.clear();
  EXPECT_THAT(refusal(text), HasSubstr("was revoked"));
}

TEST_F(AuthenticatorTest, UsesOfManyTokensAreWrittenTogetherEachOnceAMinute) {
  const std::string one = put('a', "one");
  const std::string two = put('b', "two");
  put('c', "three");
  step();
  EXPECT_EQ(store_.notes, 0) << "there was no use";
  lets_in(one);
  lets_in(two);
  const Time first = clock_.now();
  step();
  EXPECT_EQ(store_.notes, 1);
  EXPECT_EQ(last_use(0), first);
  EXPECT_EQ(last_use(1), first);
  EXPECT_EQ(last_use(2), Time{});
  for (int i = 0; i < 11; ++i) {
    clock_.advance(5s);
    lets_in(one);
    step();
  }
  EXPECT_EQ(store_.notes, 1) << "a minute is not over";
  clock_.advance(5s);
  step();
  EXPECT_EQ(store_.notes, 2);
  EXPECT_EQ(store_.noted, 3u) << "only that of the one that was used again";
  EXPECT_EQ(last_use(0), first + 55s);
  clock_.advance(10min);
  step();
  EXPECT_EQ(store_.notes, 2) << "nothing is new";
}

TEST_F(AuthenticatorTest, ARefusalIsNoUse) {
  const std::string expired = put('a', "old", Role::viewer, clock_.now() + 1s);
  clock_.advance(1s);
  EXPECT_FALSE(lets_in(expired));
  EXPECT_FALSE(lets_in(to_string(a_token('b'))));
  step();
  EXPECT_EQ(store_.notes, 0);
}

TEST_F(AuthenticatorTest, UsesThatCouldNotBeWrittenAreWrittenLater) {
  const std::string text = put('a', "ci");
  lets_in(text);
  const Time used = clock_.now();
  store_.is_away = true;
  EXPECT_EQ(authenticator_.step({}).error().code, Code::unavailable);
  store_.is_away = false;
  clock_.advance(100ms);
  step();
  EXPECT_EQ(last_use(), used);
}

TEST_F(AuthenticatorTest, WhatThisProcessHasChangedCountsAtOnce) {
  put('a', "ci");
  EXPECT_FALSE(lets_in(to_string(a_token('b'))));
  const std::string text = put('b', "new");
  EXPECT_FALSE(lets_in(text)) << "what is known is not two seconds old";
  authenticator_.look_again();
  EXPECT_TRUE(lets_in(text));
  ASSERT_TRUE(store_.revoke(a_token('b').id, clock_.now()));
  authenticator_.look_again();
  EXPECT_FALSE(lets_in(text));
  const int lists = store_.lists;
  EXPECT_FALSE(lets_in(text));
  EXPECT_EQ(store_.lists, lists) << "one look is enough";
}

}  // namespace
}  // namespace waybill
