#include "services/login_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/seal.h"
#include "testing/fake_people_store.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// Lets everybody through as whom the code names, and remembers what it was asked.
class FakeProvider final : public IdentityProvider {
 public:
  Result<std::string> authorization_url(const AuthorizationRequest& request,
                                        const Deadline&) override {
    request_ = request;
    return "https://id.example/?state=" + request.state;
  }
  Result<Authenticated> redeem(const AuthorizationCode& code, const Deadline&) override {
    code_ = code;
    if (during) during();
    if (error) return fail(*error);
    return Authenticated{.identity = {.provider = "acme", .subject = code.code, .login = code.code},
                         .access_token = "token-of-" + code.code};
  }

  AuthorizationRequest request_;
  AuthorizationCode code_;
  std::optional<Error> error;
  std::function<void()> during;
};

class LoginDeskTest : public testing::Test {
 protected:
  LoginDeskParams params() {
    LoginSettings settings{.base_url = "https://w.example",
                           .providers = {{.name = "acme"}},
                           .people = {{.provider = "acme", .login = "mallory"},
                                      {.provider = "acme", .login = "ann", .role = Role::admin}},
                           .default_role = Role::viewer};
    return {.settings = settings,
            .providers = {{"acme", &provider_}},
            .random_bytes = [this](std::size_t count) {
              return (sha256(std::to_string(++made_)) + sha256("x")).substr(0, count);
            }};
  }
  /// What a browser comes back with that was sent to the provider just now.
  LoginDesk::Return came(LoginDesk& desk, const std::string& code = "ann") {
    const auto begun = desk.begin("acme", "/tasks");
    EXPECT_TRUE(begun.has_value());
    return {.provider = "acme",
            .code = code,
            .state = provider_.request_.state,
            .issuer = {},
            .error = {},
            .slip = begun->slip,
            .from = "192.0.2.7"};
  }
  static Code code_of(const Result<LoginDesk::Entry>& entry) {
    EXPECT_FALSE(entry.has_value());
    return entry ? Code::unknown : entry.error().code;
  }

  SimClock clock_;
  FakePeopleStore people_;
  FakeProvider provider_;
  int made_ = 0;
  LoginDesk desk_{people_, clock_, params()};
};

TEST_F(LoginDeskTest, LetsInWhomTheProviderNames) {
  const auto entry = desk_.complete(came(desk_));
  ASSERT_TRUE(entry.has_value()) << entry.error().message;
  EXPECT_EQ(entry->return_to, "/tasks");
  EXPECT_EQ(provider_.request_.redirect_uri, "https://w.example/login/acme/callback");
  EXPECT_EQ(provider_.code_.redirect_uri, provider_.request_.redirect_uri);
  EXPECT_EQ(provider_.code_.nonce, provider_.request_.nonce);
  EXPECT_NE(provider_.code_.code_verifier, provider_.request_.code_challenge);
  const auto known = desk_.look(entry->secret);
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->who, (Principal{.name = "acme:ann", .role = Role::admin}));
}

TEST_F(LoginDeskTest, WhetherThereMayBeASessionCostsAReadNowAndThen) {
  const auto entry = desk_.complete(came(desk_));
  LoginDesk restarted(people_, clock_, params());
  const std::size_t before = people_.reads();
  EXPECT_FALSE(restarted.may_be("nonsense"));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(restarted.may_be(std::string(64, 'a')));
  EXPECT_TRUE(restarted.may_be(entry->secret));
  EXPECT_EQ(people_.reads(), before + 1);
  const auto later = restarted.complete(came(restarted, "bob"));
  EXPECT_TRUE(restarted.may_be(later->secret)) << "its own count at once";
  EXPECT_EQ(people_.reads(), before + 1);
  const auto of_another = desk_.complete(came(desk_, "eve"));
  clock_.advance(2s);
  EXPECT_TRUE(restarted.may_be(of_another->secret));
  EXPECT_EQ(people_.reads(), before + 2);
}

TEST_F(LoginDeskTest, NothingOfALoginCanBeReadFromItsSlip) {
  const LoginDesk::Return slip = came(desk_);
  EXPECT_THAT(slip.slip, Not(HasSubstr(slip.state)));
  LoginDesk::Return touched = slip;
  touched.slip[10] = touched.slip[10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(code_of(desk_.complete(touched)), Code::invalid_argument);
  LoginDesk other(people_, clock_, params());
  EXPECT_EQ(code_of(other.complete(slip)), Code::invalid_argument) << "its key is another";
  touched = slip;
  touched.slip.clear();
  EXPECT_EQ(code_of(desk_.complete(touched)), Code::invalid_argument);
}

TEST_F(LoginDeskTest, ALoginBelongsToItsStateAndTime) {
  LoginDesk::Return mixed = came(desk_);
  mixed.state = came(desk_).state;
  EXPECT_EQ(code_of(desk_.complete(mixed)), Code::invalid_argument);
  const LoginDesk::Return late = came(desk_);
  clock_.advance(10min);
  EXPECT_EQ(code_of(desk_.complete(late)), Code::invalid_argument);
}

TEST_F(LoginDeskTest, WhomARuleKeepsOutStaysOut) {
  EXPECT_EQ(code_of(desk_.complete(came(desk_, "mallory"))), Code::permission_denied);
  EXPECT_EQ(people_.sessions()->size(), 0u);
  EXPECT_FALSE(people_.person("acme:mallory")->has_value());
}

TEST_F(LoginDeskTest, OfAProvidersErrorsOnlyItsNoIsTheBrowsersBusiness) {
  for (const Code code : {Code::aborted, Code::deadline_exceeded, Code::failed_precondition}) {
    provider_.error = Error{.code = code, .message = "x"};
    EXPECT_EQ(code_of(desk_.complete(came(desk_))), Code::unavailable);
  }
  provider_.error = Error{.code = Code::unauthenticated, .message = "x"};
  EXPECT_EQ(code_of(desk_.complete(came(desk_))), Code::unauthenticated);
}

TEST_F(LoginDeskTest, ASessionEndsByIdlenessByAgeAndByLogout) {
  const std::string secret = desk_.complete(came(desk_))->secret;
  for (int hour = 0; hour < 24 * 7; hour += 11) {
    EXPECT_TRUE(desk_.look(secret).has_value()) << "it is used after " << hour << " hours";
    clock_.advance(11h);
  }
  EXPECT_EQ(desk_.look(secret).error().code, Code::unauthenticated) << "a week is over";
  const std::string idle = desk_.complete(came(desk_))->secret;
  clock_.advance(12h);
  EXPECT_EQ(desk_.look(idle).error().code, Code::unauthenticated);
  const std::string ended = desk_.complete(came(desk_))->secret;
  ASSERT_TRUE(desk_.end(ended).has_value());
  ASSERT_TRUE(desk_.end(ended).has_value());
  EXPECT_EQ(desk_.look(ended).error().code, Code::unauthenticated);
  EXPECT_TRUE(desk_.end(std::string(64, '0')).has_value());
}

TEST_F(LoginDeskTest, SessionsThatEndedLongAgoAreForgotten) {
  ASSERT_TRUE(desk_.complete(came(desk_)).has_value());
  clock_.advance(24h * 15);
  ASSERT_TRUE(desk_.complete(came(desk_)).has_value());
  EXPECT_EQ(people_.sessions()->size(), 1u);
}

TEST_F(LoginDeskTest, KeepsAnAccessTokenSealedOrInMemoryOnly) {
  const PersonRecord plain = desk_.complete(came(desk_))->person;
  EXPECT_EQ(plain.sealed_token, "");
  EXPECT_EQ(desk_.access_token(plain), "token-of-ann");
  LoginDeskParams with_key = params();
  with_key.token_key = std::string(kSealKeyBytes, 'k');
  LoginDesk sealing(people_, clock_, with_key);
  const PersonRecord sealed = sealing.complete(came(sealing))->person;
  EXPECT_THAT(sealed.sealed_token, Not(HasSubstr("token-of-ann")));
  LoginDesk later(people_, clock_, with_key);
  EXPECT_EQ(later.access_token(sealed), "token-of-ann");
  with_key.token_key = std::string(kSealKeyBytes, 'l');
  LoginDesk other(people_, clock_, with_key);
  EXPECT_EQ(other.access_token(sealed), std::nullopt);
}

TEST_F(LoginDeskTest, FewWaitForAProviderAtOnce) {
  LoginDeskParams one = params();
  one.logins_at_once = 1;
  LoginDesk desk(people_, clock_, one);
  const LoginDesk::Return first = came(desk);
  const LoginDesk::Return second = came(desk, "bob");
  std::optional<Code> refused;
  provider_.during = [&] { refused = code_of(desk.complete(second)); };
  EXPECT_TRUE(desk.complete(first).has_value());
  EXPECT_EQ(refused, Code::unavailable);
  provider_.during = {};
  EXPECT_TRUE(desk.complete(second).has_value());
}

TEST_F(LoginDeskTest, GoesByWhatItWasToldLast) {
  const auto entry = desk_.complete(came(desk_));
  ASSERT_TRUE(entry.has_value());
  const LoginSettings& before = desk_.settings();
  const LoginDesk::Return under_way = came(desk_, "bob");
  LoginSettings settings = params().settings;
  settings.people = {{.provider = "acme", .login = "ann", .role = Role::worker}};
  settings.default_role = std::nullopt;
  desk_.take(settings, {{"acme", &provider_}});
  EXPECT_EQ(desk_.look(entry->secret).value().who.role, Role::worker);
  EXPECT_EQ(code_of(desk_.complete(under_way)), Code::permission_denied);
  EXPECT_EQ(before.people.size(), 2u) << "it stands for those who look at it";
  settings.people.clear();
  desk_.take(settings, {});
  EXPECT_EQ(desk_.look(entry->secret).error().code, Code::permission_denied);
  EXPECT_EQ(desk_.begin("acme", "/").error().code, Code::not_found);
}

TEST_F(LoginDeskTest, ALookThatCountsAsNothingKeepsNoSessionFromBeingIdle) {
  const auto entry = desk_.complete(came(desk_));
  ASSERT_TRUE(entry.has_value());
  const auto look = [&] { return desk_.look(entry->secret, LoginDesk::Counts::as_nothing); };
  clock_.advance(desk_.settings().idle_max - 1s);
  ASSERT_TRUE(look().has_value());
  clock_.advance(1s);
  EXPECT_EQ(look().error().code, Code::unauthenticated);
}

TEST_F(LoginDeskTest, TellsWhoCameAlsoIfTheyAreNotLetIn) {
  std::string who;
  EXPECT_EQ(code_of(desk_.complete(came(desk_, "mallory"), &who)), Code::permission_denied);
  EXPECT_EQ(who, "acme:mallory");
  ASSERT_TRUE(desk_.complete(came(desk_), &who).has_value());
  EXPECT_EQ(who, "acme:ann");
}

TEST_F(LoginDeskTest, KeepsFromWhereASessionIsUsed) {
  const auto entry = desk_.complete(came(desk_));
  ASSERT_TRUE(entry.has_value());
  const auto from = [&] { return people_.sessions()->front().seen_from; };
  EXPECT_EQ(from(), "192.0.2.7");
  ASSERT_TRUE(desk_.look(entry->secret, LoginDesk::Counts::as_use, "::1"));
  EXPECT_EQ(from(), "192.0.2.7") << "once a minute";
  clock_.advance(std::chrono::minutes(1));
  ASSERT_TRUE(desk_.look(entry->secret, LoginDesk::Counts::as_nothing, "::2"));
  EXPECT_EQ(from(), "192.0.2.7");
  ASSERT_TRUE(desk_.look(entry->secret, LoginDesk::Counts::as_use, "::1"));
  EXPECT_EQ(from(), "::1");
}

}  // namespace
}  // namespace waybill
