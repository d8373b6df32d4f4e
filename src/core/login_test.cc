#include "core/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kSound = R"({
  "base_url": "https://Waybill.example.org:443/",
  "providers": [
    {"name": "github", "kind": "github", "client_id": "a", "client_secret_file": "secret"},
    {"name": "acme", "kind": "oidc", "issuer": "https://id.example.org/", "client_id": "b"}],
  "people": [
    {"match": {"provider": "github", "login": "mallory"}, "role": "none"},
    {"match": {"provider": "acme", "group": "ops"}, "role": "operator"},
    {"match": {"provider": "acme", "email_domain": "Example.org"}, "role": "submitter"},
    {"match": {"provider": "github", "login": "Ann"}, "role": "admin"}]})";

LoginLoad load(const std::string& json) {
  return load_login({.file = "login.yaml", .directory = "/etc/waybill", .json = json});
}
std::vector<std::string> problems(const std::string& json) {
  std::vector<std::string> all;
  for (const Problem& problem : load(json).problems) all.push_back(problem.message);
  return all;
}
std::optional<Role> role(const Identity& identity) {
  return role_of(load(kSound).settings, identity);
}

TEST(Login, IsReadWithItsDefaults) {
  const LoginLoad read = load(kSound);
  ASSERT_THAT(read.problems, IsEmpty());
  EXPECT_EQ(read.settings.base_url, "https://waybill.example.org");
  const LoginProvider* github = read.settings.find("github");
  ASSERT_NE(github, nullptr);
  EXPECT_EQ(github->api_url, "https://api.github.com");
  EXPECT_EQ(github->client_secret_file, "/etc/waybill/secret");
  const LoginProvider* acme = read.settings.find("acme");
  ASSERT_NE(acme, nullptr);
  EXPECT_EQ(acme->issuer, "https://id.example.org/") << "an issuer is compared byte for byte";
  EXPECT_THAT(acme->scopes, ElementsAre("openid", "profile", "email"));
  EXPECT_EQ(read.settings.find("other"), nullptr);
}

TEST(Login, TellsAllThatIsWrongAtOnce) {
  EXPECT_THAT(problems(R"({"base_url": "http://waybill.example.org", "providers": [
      {"name": "token", "kind": "oidc", "issuer": "http://id.example.org", "client_id": "b",
       "scopes": ["email"]},
      {"name": "token", "kind": "github", "client_id": "a", "client_secret_file": "s"}],
      "people": [{"match": {"provider": "githab"}, "role": "viewer"},
                 {"match": {"provider": "token", "group": "x"}, "role": "viewer"}]})"),
              ElementsAre(HasSubstr("https, or http on this machine"),
                          HasSubstr("https, or http on this machine"), HasSubstr("openid"),
                          HasSubstr("is taken"), HasSubstr("is taken"), HasSubstr("two providers"),
                          HasSubstr("no provider \"githab\"")));
}

TEST(Login, WithoutRulesItWouldLetNobodyIn) {
  const std::string without = R"({"base_url": "http://localhost:8470", "providers": [
      {"name": "acme", "kind": "oidc", "issuer": "http://127.0.0.1:9000", "client_id": "b"}])";
  EXPECT_THAT(problems(without + "}"), ElementsAre(HasSubstr("lets nobody in")));
  EXPECT_THAT(problems(without + R"(, "default_role": "viewer"})"), IsEmpty());
  EXPECT_THAT(problems(without + R"(, "default_role": "worker"})"), Not(IsEmpty()));
}

TEST(Login, TheFirstRuleThatFitsDecides) {
  EXPECT_EQ(role({.provider = "github", .subject = "1", .login = "ann"}), Role::admin);
  EXPECT_EQ(role({.provider = "acme", .subject = "1", .login = "ann"}), std::nullopt);
  EXPECT_EQ(role({.provider = "github", .subject = "1", .login = "mallory"}), std::nullopt);
  EXPECT_EQ(role({.provider = "acme", .subject = "1", .login = "x", .groups = {"dev", "ops"}}),
            Role::operator_);
  EXPECT_EQ(role({.provider = "gone", .subject = "1", .login = "ann"}), std::nullopt);
}

TEST(Login, AnAddressCountsOnlyWhereItWasVerified) {
  Identity bob{.provider = "acme", .subject = "1", .login = "b", .email = "Bob@example.ORG"};
  EXPECT_EQ(role(bob), std::nullopt);
  bob.email_verified = true;
  EXPECT_EQ(role(bob), Role::submitter);
  for (const char* other : {"bob@evilexample.org", "bob@sub.example.org", "a@evil@example.org",
                            "example.org", "bob@example.org.evil"}) {
    bob.email = other;
    EXPECT_EQ(role(bob), std::nullopt) << other;
  }
}

TEST(Login, SendsBrowsersNowhereElse) {
  for (const char* path : {"/", "/tasks?x=1#y", "/a//b"}) EXPECT_TRUE(is_local_path(path)) << path;
  for (const char* path : {"", "//evil", "/\\evil", "https://evil", "evil", "/a\\b", "/a\r\nx: y",
                           "/a b", "\\/evil", "/\t/evil"}) {
    EXPECT_FALSE(is_local_path(path)) << path;
  }
}

TEST(Person, HasANameThatNobodyElseHas) {
  const Identity ann{.provider = "github", .subject = "17", .login = "ann"};
  EXPECT_EQ(person_name(ann, NameIs::free), "github:ann");
  EXPECT_EQ(person_name(ann, NameIs::taken), "github:ann#17");
}

TEST(Session, EndsWhenItIsIdleOldOrRevoked) {
  const Time start(std::chrono::hours(1000));
  SessionRecord session{
      .created_at = start, .seen_at = start, .ends_at = start + std::chrono::hours(24)};
  const Duration idle = std::chrono::hours(2);
  EXPECT_EQ(state_of(session, idle, start + std::chrono::hours(1)), SessionState::active);
  EXPECT_EQ(state_of(session, idle, start + idle), SessionState::expired);
  session.seen_at = start + std::chrono::hours(23);
  EXPECT_EQ(state_of(session, idle, start + std::chrono::hours(23)), SessionState::active);
  EXPECT_EQ(state_of(session, idle, start + std::chrono::hours(24)), SessionState::expired);
  session.revoked_at = start;
  EXPECT_EQ(state_of(session, idle, start), SessionState::revoked);
}

}  // namespace
}  // namespace waybill
