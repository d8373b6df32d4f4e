#include <gmock/gmock.h>

#include "tests/conformance/people_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PeopleStoreConformance);

PersonRecord PeopleStoreConformance::put(const PersonRecord& person) {
  auto kept = store().put_person(person);
  EXPECT_TRUE(kept.has_value()) << kept.error().message;
  return kept ? *kept : PersonRecord();
}

void PeopleStoreConformance::put(const SessionRecord& session) {
  const Status status = store().put_session(session);
  ASSERT_TRUE(status.has_value()) << status.error().message;
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr Time kNow{1'800'000'000s};

PersonRecord a_person(std::string subject, std::string login) {
  return {.identity = {.provider = "acme",
                       .subject = std::move(subject),
                       .login = std::move(login),
                       .email = "a@example.org",
                       .email_verified = true,
                       .groups = {"dev", "\"ops\""}},
          .first_seen_at = kNow,
          .logged_in_at = kNow,
          .sealed_token = std::string("\x01\x00x", 3)};
}

SessionRecord a_session(char digit, std::string person) {
  return {.id = std::string(kSessionIdDigits, digit),
          .hash = std::string(32, digit),
          .person = std::move(person),
          .created_at = kNow,
          .seen_at = kNow,
          .ends_at = kNow + 10h,
          .seen_from = "::1"};
}

TEST_P(PeopleStoreConformance, KeepsAPersonWithAName) {
  const PersonRecord kept = put(a_person("17", "ann"));
  EXPECT_EQ(kept.name, "acme:ann");
  PersonRecord expected = a_person("17", "ann");
  expected.name = "acme:ann";
  EXPECT_EQ(kept, expected);
  const auto found = store().person("acme:ann");
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ(**found, expected);
  EXPECT_EQ(store().person("acme:bob")->has_value(), false);
}

TEST_P(PeopleStoreConformance, ANewLoginReplacesAllButTheName) {
  put(a_person("17", "ann"));
  PersonRecord later = a_person("17", "ann-of-late");
  later.logged_in_at = later.first_seen_at = kNow + 1h;
  later.identity.groups.clear();
  later.sealed_token.clear();
  later.name = "whatever";
  const PersonRecord kept = put(later);
  later.name = "acme:ann";
  later.first_seen_at = kNow;
  EXPECT_EQ(kept, later);
  EXPECT_EQ(**store().person("acme:ann"), later);
}

TEST_P(PeopleStoreConformance, ANameIsNeverGivenToAnother) {
  put(a_person("17", "ann"));
  EXPECT_EQ(put(a_person("18", "ann")).name, "acme:ann#18");
  EXPECT_EQ(put(a_person("18", "ann")).name, "acme:ann#18");
  EXPECT_EQ(put(a_person("17", "bob")).name, "acme:ann");
  EXPECT_EQ(put(a_person("19", "ann")).name, "acme:ann#19") << "whatever she is called now";
}

TEST_P(PeopleStoreConformance, KeepsSessionsOfPeopleItKnows) {
  const SessionRecord orphan = a_session('1', "acme:ann");
  ASSERT_FALSE(store().put_session(orphan).has_value());
  EXPECT_EQ(store().put_session(orphan).error().code, Code::not_found);
  const PersonRecord ann = put(a_person("17", "ann"));
  put(a_session('1', ann.name));
  EXPECT_EQ(store().put_session(a_session('1', ann.name)).error().code, Code::already_exists);
  const auto found = store().session(std::string(kSessionIdDigits, '1'));
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ((*found)->session, a_session('1', ann.name));
  EXPECT_EQ((*found)->person, ann);
  EXPECT_FALSE(store().session(std::string(kSessionIdDigits, '2'))->has_value());
}

TEST_P(PeopleStoreConformance, ASessionIsUsedAndEndsOnce) {
  const PersonRecord ann = put(a_person("17", "ann"));
  SessionRecord session = a_session('1', ann.name);
  put(session);
  ASSERT_TRUE(store().note_use(session.id, kNow + 3s, "192.0.2.7"));
  ASSERT_TRUE(store().note_use(session.id, kNow + 5s, ""));
  ASSERT_TRUE(store().note_use(session.id, kNow + 4s, "192.0.2.8"));
  ASSERT_TRUE(store().note_use("0000000000000000", kNow, "192.0.2.9"));
  ASSERT_TRUE(store().revoke_session(session.id, kNow + 6s));
  ASSERT_TRUE(store().revoke_session(session.id, kNow + 7s));
  EXPECT_EQ(store().revoke_session("0000000000000000", kNow).error().code, Code::not_found);
  session.seen_at = kNow + 5s;
  session.seen_from = "192.0.2.7";
  session.revoked_at = kNow + 6s;
  EXPECT_THAT(*store().sessions(), ElementsAre(session));
}

TEST_P(PeopleStoreConformance, ForgetsSessionsThatAreOver) {
  const PersonRecord ann = put(a_person("17", "ann"));
  SessionRecord revoked = a_session('1', ann.name);
  revoked.revoked_at = kNow + 1h;
  SessionRecord over = a_session('2', ann.name);
  over.ends_at = kNow + 1h;
  const SessionRecord good = a_session('3', ann.name);
  for (const SessionRecord& session : {good, over, revoked}) put(session);
  ASSERT_TRUE(store().forget_sessions(kNow + 1h));
  EXPECT_THAT(*store().sessions(), ElementsAre(revoked, over, good));
  ASSERT_TRUE(store().forget_sessions(kNow + 2h));
  EXPECT_THAT(*store().sessions(), ElementsAre(good));
}

}  // namespace
}  // namespace waybill
