#include "services/token_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_token_store.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Time kNow{1'800'000'000s};
using Taken = TokenDesk::Taken;

ApiToken a_token(char filling) { return make_api_token(std::string(kTokenRandomBytes, filling)); }

TokenRecord record_of(char filling, const std::string& name, Role role = Role::viewer) {
  const ApiToken token = a_token(filling);
  return {.id = token.id,
          .name = name,
          .role = role,
          .hash = hash_of(token),
          .created_at = kNow,
          .created_by = "ann"};
}

class TokenDeskTest : public testing::Test {
 protected:
  Code refusal(const TokenRecord& record, Role maker, Taken taken = Taken::refuse) {
    const auto made = desk_.put(record, maker, taken);
    EXPECT_FALSE(made.has_value());
    return made ? Code::unknown : made.error().code;
  }

  FakeTokenStore store_;
  std::vector<std::string> heard_;
  TokenDesk desk_{store_, [this](TokenDesk::Did did, const TokenRecord& record) {
                    const bool made = did == TokenDesk::Did::made;
                    heard_.push_back((made ? "made " : "revoked ") + title_of(record));
                  }};
};

TEST_F(TokenDeskTest, NobodyMakesOneThatMayDoMoreThanThemselves) {
  for (const Role maker : {Role::viewer, Role::submitter, Role::worker, Role::operator_}) {
    EXPECT_EQ(refusal(record_of('a', "boss", Role::admin), maker), Code::permission_denied);
  }
  EXPECT_EQ(refusal(record_of('a', "w", Role::worker), Role::operator_), Code::permission_denied);
  EXPECT_EQ(refusal(record_of('a', "o", Role::operator_), Role::worker), Code::permission_denied);
  EXPECT_EQ(desk_.plan(record_of('a', "boss", Role::admin), Role::viewer).error().code,
            Code::permission_denied);
  EXPECT_TRUE(desk_.list()->empty());
  EXPECT_TRUE(heard_.empty());
  EXPECT_TRUE(desk_.put(record_of('a', "s", Role::submitter), Role::operator_));
  EXPECT_TRUE(desk_.put(record_of('b', "boss", Role::admin), Role::admin));
}

TEST_F(TokenDeskTest, TheVerySameIsThereAlreadyAndAnotherOfItsNameIsNot) {
  ASSERT_TRUE(desk_.put(record_of('a', "ci"), Role::admin));
  const auto again = desk_.put(record_of('a', "ci"), Role::admin);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->known.has_value());
  EXPECT_EQ(refusal(record_of('b', "ci"), Role::admin), Code::already_exists);
  EXPECT_THAT(heard_, ElementsAre("made ci (61616161)"));
}

TEST_F(TokenDeskTest, OneThatIsReplacedIsWorthNothing) {
  ASSERT_TRUE(desk_.put(record_of('a', "ci"), Role::admin));
  const auto made = desk_.put(record_of('b', "ci"), Role::admin, Taken::replace);
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->replaced->id, "61616161");
  EXPECT_NE(desk_.find("61616161")->revoked_at, Time{});
  EXPECT_EQ(desk_.find("ci")->id, "62626262");
  EXPECT_THAT(heard_,
              ElementsAre("made ci (61616161)", "revoked ci (61616161)", "made ci (62626262)"));
}

TEST_F(TokenDeskTest, NobodyLosesATokenForOneThatCannotBe) {
  ASSERT_TRUE(desk_.put(record_of('a', "ci"), Role::admin));
  ASSERT_TRUE(desk_.put(record_of('b', "other"), Role::admin));
  TokenRecord changed = record_of('a', "ci");
  changed.role = Role::worker;
  for (const TokenRecord& wanted : {changed, record_of('b', "ci")}) {
    const auto refused = desk_.put(wanted, Role::admin, Taken::replace);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::already_exists);
    EXPECT_THAT(refused.error().message, HasSubstr("make a new text"));
    EXPECT_FALSE(desk_.plan(wanted, Role::admin, Taken::replace).has_value());
  }
  EXPECT_EQ(desk_.find("ci")->revoked_at, Time{});
}

TEST_F(TokenDeskTest, IsFoundByIdNameOrWholeTextWhichIsNeverRepeated) {
  ASSERT_TRUE(desk_.put(record_of('a', "ci"), Role::admin));
  for (const std::string& wanted :
       {std::string("ci"), std::string("61616161"), to_string(a_token('a'))}) {
    EXPECT_EQ(desk_.find(wanted)->id, "61616161") << wanted;
  }
  const auto missing = desk_.find(to_string(a_token('b')));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("62626262"), Not(HasSubstr("wb_"))));
  EXPECT_THAT(desk_.find("c1").error().message, HasSubstr("\"ci\""));
}

TEST_F(TokenDeskTest, IsRevokedOnceAndANameMeansTheOneThatIsNot) {
  ASSERT_TRUE(desk_.put(record_of('a', "ci"), Role::admin));
  const auto revoked = desk_.revoke("ci", kNow + 1s);
  ASSERT_TRUE(revoked.has_value());
  EXPECT_FALSE(revoked->was);
  const auto again = desk_.revoke("ci", kNow + 2s);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->was);
  EXPECT_EQ(again->record.revoked_at, kNow + 1s) << "the first time stands";
  ASSERT_TRUE(desk_.put(record_of('b', "ci"), Role::admin));
  EXPECT_EQ(desk_.revoke("ci", kNow + 3s)->record.id, "62626262");
  EXPECT_EQ(heard_.size(), 4U);
  EXPECT_EQ(desk_.revoke("other", kNow).error().code, Code::not_found);
}

}  // namespace
}  // namespace waybill
