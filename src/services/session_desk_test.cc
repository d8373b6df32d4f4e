#include "services/session_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_people_store.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr Time kNow{1'800'000'000s};

class SessionDeskTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* login : {"ann", "bob"}) {
      const auto person =
          people_.put_person({.identity = {.provider = "acme", .subject = login, .login = login},
                              .first_seen_at = kNow,
                              .logged_in_at = kNow});
      ASSERT_TRUE(person.has_value());
    }
    put('1', "acme:ann");
    put('2', "acme:ann");
    put('3', "acme:bob");
    settings_ =
        LoginSettings{.providers = {{.name = "acme"}},
                      .people = {{.provider = "acme", .login = "ann", .role = Role::operator_}}};
    settings_->idle_max = 1h;
  }
  void put(char digit, const std::string& person) {
    ASSERT_TRUE(people_.put_session({.id = std::string(kSessionIdDigits, digit),
                                     .hash = std::string(32, digit),
                                     .person = person,
                                     .created_at = kNow,
                                     .seen_at = kNow,
                                     .ends_at = kNow + 10h,
                                     .seen_from = "192.0.2.7"}));
  }
  static std::string id(char digit) { return std::string(kSessionIdDigits, digit); }

  FakePeopleStore people_;
  std::optional<LoginSettings> settings_;
  std::vector<std::string> heard_;
  SessionDesk desk_{people_, [this] { return settings_; },
                    [this](const SessionRecord& ended) { heard_.push_back(ended.id); }};
};

TEST_F(SessionDeskTest, SaysWhoSinceWhenFromWhereAndWhatTheyMayNow) {
  const auto all = desk_.list(kNow + 30min);
  ASSERT_TRUE(all.has_value());
  ASSERT_EQ(all->size(), 3U);
  const SessionView& ann = all->front();
  EXPECT_EQ(ann.session.person, "acme:ann");
  EXPECT_EQ(ann.session.seen_from, "192.0.2.7");
  EXPECT_EQ(ann.identity.login, "ann");
  EXPECT_EQ(ann.role, Role::operator_);
  EXPECT_EQ(ann.state, SessionState::active);
  EXPECT_EQ(all->back().role, std::nullopt) << "no rule lets bob in any more";
  EXPECT_EQ(desk_.list(kNow + 2h)->front().state, SessionState::expired) << "unused for too long";
  settings_ = std::nullopt;
  EXPECT_EQ(desk_.list(kNow + 2h)->front().state, SessionState::active) << "12 hours by default";
  EXPECT_EQ(desk_.list(kNow)->front().role, std::nullopt) << "nobody logs in";
}

TEST_F(SessionDeskTest, OneIsEndedOrAllOfAPerson) {
  const auto one = desk_.revoke(id('2'), kNow + 1s);
  ASSERT_TRUE(one.has_value());
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->front().state, SessionState::revoked);
  EXPECT_EQ(desk_.revoke(id('2'), kNow + 2s)->front().session.revoked_at, kNow + 1s);
  EXPECT_EQ(desk_.find("acme:ann", kNow)->size(), 1U) << "the other one is over";
  EXPECT_EQ(desk_.revoke("acme:ann", kNow + 3s)->size(), 1U);
  EXPECT_EQ(desk_.revoke("acme:ann", kNow + 4s).error().code, Code::not_found);
  EXPECT_EQ(desk_.revoke("acme:cy", kNow + 4s).error().code, Code::not_found);
  EXPECT_THAT(heard_, ElementsAre(id('2'), id('1')));
  EXPECT_EQ(people_.session(id('3')).value()->session.revoked_at, Time{});
}

}  // namespace
}  // namespace waybill
