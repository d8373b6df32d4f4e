#include "core/permission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

using Is = RuleAnswer::Is;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr Time kNow{1'800'000'000s};
const WhoMay kRule{.repository = "acme/site"};

RuleQuestion question(RepositoryRole role) {
  return {.who = {.name = "github:ann", .role = Role::submitter},
          .repository = "acme/site",
          .standing = {.is = Standing::Is::known, .role = role, .seen_at = kNow - 3min},
          .now = kNow};
}

TEST(Permission, WhoMayWriteMay) {
  const RuleAnswer answer = check_rule(kRule, question(RepositoryRole::maintain));
  EXPECT_EQ(answer.is, Is::allowed);
  EXPECT_EQ(answer.because, "you may: you have maintain on acme/site, seen 3m ago");
  EXPECT_EQ(check_rule(kRule, question(RepositoryRole::write)).is, Is::allowed);
}

TEST(Permission, WhoMayNotIsToldWhatItTakes) {
  RuleQuestion asked = question(RepositoryRole::read);
  asked.is_oneself = false;
  const RuleAnswer answer = check_rule(kRule, asked);
  EXPECT_EQ(answer.is, Is::denied);
  EXPECT_EQ(answer.because,
            "github:ann may not: it takes write on acme/site; github:ann has read "
            "on acme/site, seen 3m ago");
  for (const auto role : {RepositoryRole::none, RepositoryRole::triage}) {
    EXPECT_EQ(check_rule(kRule, question(role)).is, Is::denied);
  }
}

TEST(Permission, WhatIsNotKnownIsNeitherYesNorNo) {
  RuleQuestion asked = question(RepositoryRole::admin);
  asked.standing = {.is = Standing::Is::unknown, .problem = "GitHub does not answer"};
  const RuleAnswer answer = check_rule(kRule, asked);
  EXPECT_EQ(answer.is, Is::unknown);
  EXPECT_THAT(answer.because, HasSubstr("GitHub does not answer"));
}

TEST(Permission, ARoleCountsOnlyWhereTheRuleNamesIt) {
  RuleQuestion asked{.who = {.name = "token:ci", .role = Role::admin}, .repository = "acme/site"};
  EXPECT_EQ(check_rule(kRule, asked).is, Is::denied);
  WhoMay rule = kRule;
  rule.role = Role::operator_;
  EXPECT_EQ(check_rule(rule, asked).is, Is::allowed);
  asked.who.role = Role::operator_;
  EXPECT_EQ(check_rule(rule, asked).is, Is::allowed);
  for (const Role role : {Role::viewer, Role::submitter, Role::worker}) {
    asked.who.role = role;
    EXPECT_EQ(check_rule(rule, asked).is, Is::denied);
  }
  rule.people = {"token:ci"};
  EXPECT_EQ(check_rule(rule, asked).is, Is::allowed);
}

TEST(Permission, TheRepositoryMayComeFromTheParams) {
  const WhoMay rule{.repository = "${params.repo}"};
  EXPECT_EQ(repository_for(rule, R"({"repo": "acme/site"})"), "acme/site");
  for (const char* params :
       {"{}", R"({"repo": 7})", R"({"repo": "site"})", R"({"repo": "a/b/c"})",
        R"({"repo": "../admin"})", R"({"repo": "a/.."})", R"({"repo": "a/b?"})",
        R"({"repo": "a/"})", R"({"repo": "a/%2e"})", "[]", ""}) {
    EXPECT_EQ(repository_for(rule, params), std::nullopt) << params;
  }
  EXPECT_EQ(repository_for(kRule, "{}"), "acme/site");
  RuleQuestion asked = question(RepositoryRole::admin);
  asked.repository.clear();
  EXPECT_EQ(check_rule(rule, asked).is, Is::denied);
  EXPECT_EQ(parameter_of("${params.}"), std::nullopt);
  EXPECT_EQ(parameter_of("x/${params.a}"), std::nullopt);
}

}  // namespace
}  // namespace waybill
