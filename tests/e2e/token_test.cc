// Tokens of the HTTP service, made, listed and revoked on the command line.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/digest.h"
#include "core/api_token.h"
#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

namespace bj = boost::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

/// The tokens as `token list --json` has them.
bj::array tokens(const Place& place) {
  return place.json("token list", {"token", "list"}).at("tokens").as_array();
}

std::string text_of(const bj::value& value) { return std::string(value.as_string()); }

TEST(TokenTest, IsAloneOnStdoutAndWhatToDoWithItOnStderr) {
  const Place place;
  const Ran ran = place.run({"token", "create", "--name", "ci", "--role", "submitter"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, MatchesRegex("wb_[0-9a-f]{8}_[0-9a-f]{64}\n"));
  const std::string id = ran.out.substr(3, 8);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("token ci (" + id +
                                       ") is made: role submitter, never "
                                       "expires"),
                             HasSubstr("shown this once"), Not(HasSubstr(ran.out.substr(12, 64)))));
}

TEST(TokenTest, IsKeptAsAHashAndNeverShownAgain) {
  const Place place;
  const Ran ran = place.run({"token", "create", "--name", "ci", "--role", "admin"});
  const auto token = parse_api_token(ran.out.substr(0, ran.out.size() - 1));
  ASSERT_TRUE(token.has_value()) << ran.out;
  std::string kept = place.read("waybill-data/ledger.db");
  if (place.exists("waybill-data/ledger.db-wal")) kept += place.read("waybill-data/ledger.db-wal");
  EXPECT_THAT(kept, HasSubstr(hash_of(*token)));
  EXPECT_THAT(kept, AllOf(Not(HasSubstr(token->secret)), Not(HasSubstr(to_hex(token->secret)))));
  for (const Ran& look : {place.run({"token", "list"}), place.run({"token", "list", "--json"})}) {
    EXPECT_THAT(look.out, AllOf(HasSubstr(token->id), Not(HasSubstr(to_hex(token->secret))),
                                Not(HasSubstr(to_hex(hash_of(*token))))));
  }
}

TEST(TokenTest, IsListedWithItsRoleItsEndAndItsState) {
  const Place place;
  EXPECT_EQ(place.run({"token", "list"}).status, 1) << "there is no ledger";
  const auto made =
      place.json("token create", {"token", "create", "--name", "ci", "--role", "worker",
                                  "--expires", "90d", "--rate-limit", "20"});
  EXPECT_EQ(made.at("role"), "worker");
  EXPECT_EQ(made.at("rate_limit"), 20);
  place.json("token create", {"token", "create", "--name", "root", "--role", "admin"});
  const bj::array listed = tokens(place);
  ASSERT_EQ(listed.size(), 2U);
  bj::object expected = made.as_object();
  expected.erase("token");
  EXPECT_EQ(listed[0], expected);
  EXPECT_EQ(listed[0].at("state"), "active");
  EXPECT_TRUE(listed[0].at("expires_at").is_string());
  EXPECT_TRUE(listed[0].at("last_used_at").is_null());
  EXPECT_TRUE(listed[1].at("expires_at").is_null());
  EXPECT_THAT(place.run({"token", "list"}).out,
              AllOf(ContainsRegex("ID +NAME +ROLE +RATE +CREATED +EXPIRES +LAST USED +STATE\n"),
                    ContainsRegex(" ci +worker +20/s +20[^ ]+Z +20[^ ]+Z +never +active"),
                    ContainsRegex(" root +admin +20[^ ]+Z +never +never +active")));
}

TEST(TokenTest, IsRevokedByNameByIdOrByItsWholeText) {
  const Place place;
  std::string texts[3];
  for (int i = 0; i < 3; ++i) {
    texts[i] = text_of(place
                           .json("token create", {"token", "create", "--name",
                                                  "t" + std::to_string(i), "--role", "viewer"})
                           .at("token"));
  }
  EXPECT_EQ(place.json("token revoke", {"token", "revoke", "t0"}).at("state"), "revoked");
  EXPECT_EQ(place.json("token revoke", {"token", "revoke", texts[1].substr(3, 8)}).at("name"),
            "t1");
  const Ran whole = place.run({"token", "revoke", texts[2]});
  EXPECT_THAT(whole.err, AllOf(HasSubstr("token t2 (" + texts[2].substr(3, 8) + ") is revoked"),
                               Not(HasSubstr(texts[2].substr(12)))));
  for (const bj::value& token : tokens(place)) EXPECT_EQ(token.at("state"), "revoked");
}

TEST(TokenTest, IsRevokedOnceAndItsNameIsFreeThen) {
  const Place place;
  const std::vector<std::string> create = {"token", "create", "--name", "ci", "--role", "viewer"};
  const auto first = place.json("token create", create);
  const Ran taken = place.run(create);
  EXPECT_EQ(taken.status, 1);
  EXPECT_THAT(taken.err, AllOf(HasSubstr("there is a token ci (" + text_of(first.at("id")) + ")"),
                               HasSubstr("revoke that one first")));
  EXPECT_EQ(taken.out, "");
  const auto revoked = place.json("token revoke", {"token", "revoke", "ci"});
  const auto again = place.json("token revoke", {"token", "revoke", "ci"});
  EXPECT_EQ(again.at("revoked_at"), revoked.at("revoked_at"));
  EXPECT_THAT(place.run({"token", "revoke", "ci"}).err, HasSubstr("was revoked already, at 20"));
  const auto second = place.json("token create", create);
  EXPECT_NE(second.at("id"), first.at("id"));
  EXPECT_EQ(place.json("token revoke", {"token", "revoke", "ci"}).at("id"), second.at("id"))
      << "the one that is not revoked";
}

TEST(TokenTest, WhatIsNotThereIsSaidWithWhatIs) {
  const Place place;
  place.json("token create", {"token", "create", "--name", "grafana", "--role", "viewer"});
  const Ran ran = place.run({"token", "revoke", "grafna"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("there is no token \"grafna\""), HasSubstr("grafana"),
                             HasSubstr("`waybill token list`")));
}

TEST(TokenTest, AWrongCommandLineIsRefusedBeforeALedgerIsMade) {
  const Place place;
  const auto refusal = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"token", "create"});
    const Ran ran = place.run(options);
    EXPECT_EQ(ran.status, 2) << ran.err;
    EXPECT_EQ(ran.out, "");
    return ran.err;
  };
  EXPECT_THAT(refusal({"--role", "viewer"}), HasSubstr("--name is missing"));
  EXPECT_THAT(refusal({"--name", "ci"}),
              HasSubstr("one of viewer, submitter, worker, operator, admin"));
  EXPECT_THAT(refusal({"--name", "ci", "--role", "root"}), HasSubstr("\"root\" is none of viewer"));
  EXPECT_THAT(refusal({"--name", "C I", "--role", "viewer"}), HasSubstr("must be 1 to 200"));
  EXPECT_THAT(refusal({"--name", "deadbeef", "--role", "viewer"}), HasSubstr("id of a token"));
  EXPECT_THAT(refusal({"--name", "ci", "--role", "viewer", "--expires", "0s"}),
              HasSubstr("--expires: 0s must be at least 1s"));
  EXPECT_THAT(refusal({"--name", "ci", "--role", "viewer", "--rate-limit", "0"}),
              HasSubstr("--rate-limit: 0 is outside of 1..100000"));
  EXPECT_FALSE(place.exists("waybill-data"));
}

TEST(TokenTest, ADryRunMakesAndRevokesNothing) {
  const Place place;
  const std::vector<std::string> create = {"token",  "create",    "--name",   "ci",
                                           "--role", "submitter", "--dry-run"};
  const auto planned = place.json("token create", create);
  EXPECT_TRUE(planned.at("token").is_null());
  EXPECT_EQ(planned.at("dry_run"), true);
  EXPECT_FALSE(place.exists("waybill-data"));
  const auto made =
      place.json("token create", {"token", "create", "--name", "ci", "--role", "viewer"});
  EXPECT_EQ(place.run(create).status, 1) << "the name is taken, as without it";
  const auto revoked = place.json("token revoke", {"token", "revoke", "ci", "--dry-run"});
  EXPECT_EQ(revoked.at("state"), "revoked");
  EXPECT_EQ(revoked.at("dry_run"), true);
  EXPECT_THAT(place.run({"token", "revoke", "ci", "--dry-run"}).err, HasSubstr("would be revoked"));
  EXPECT_EQ(place.run({"token", "revoke", "no", "--dry-run"}).status, 1) << "as without it";
  const bj::array listed = tokens(place);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].at("id"), made.at("id"));
  EXPECT_EQ(listed[0].at("state"), "active");
}

TEST(TokenTest, OfAFileIsMadeOnceAndNeverShown) {
  const Place place;
  const std::string token = "wb_0a0b0c0d_" + std::string(64, '7');
  place.write("token", token + "\n");
  const std::vector<std::string> words = {"token",  "create", "--name",       "worker",
                                          "--role", "worker", "--token-file", "token"};
  const Ran made = place.run(words);
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.out, "");
  EXPECT_THAT(made.err, HasSubstr("token worker (0a0b0c0d) is made"));
  const Ran again = place.run(words);
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("is there already"));
  EXPECT_EQ(tokens(place).size(), 1U);
  // Another role or secret under that name is no repetition, and what was revoked stays so.
  std::vector<std::string> other = words;
  other[5] = "admin";
  EXPECT_EQ(place.run(other).status, 1);
  place.write("token", token.substr(0, 75) + "8");
  EXPECT_EQ(place.run(words).status, 1);
  // A secret that was changed takes the place of the one before.
  std::vector<std::string> replacing = words;
  replacing.push_back("--replace");
  place.write("token", "wb_0a0b0c0e_" + std::string(64, '8'));
  EXPECT_EQ(place.run(replacing).status, 0);
  EXPECT_EQ(place.run(replacing).status, 0);
  const bj::array both = tokens(place);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].at("state"), "revoked");
  EXPECT_EQ(both[1].at("state"), "active");
  // What was revoked stays so, and keeps nobody from starting.
  place.write("token", token);
  const Ran revoked = place.run(words);
  EXPECT_EQ(revoked.status, 0) << revoked.err;
  EXPECT_THAT(revoked.err, HasSubstr("worth nothing: it was revoked"));
  EXPECT_EQ(tokens(place)[0].at("state"), "revoked");
}

TEST(TokenTest, TakesItsRoleAsAScopeToo) {
  const Place place;
  EXPECT_EQ(place.run({"token", "create", "--name", "a", "--scope", "viewer"}).status, 0);
  EXPECT_EQ(tokens(place)[0].at("role"), "viewer");
  const Ran both =
      place.run({"token", "create", "--name", "b", "--scope", "viewer", "--role", "admin"});
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.err, HasSubstr("give one"));
  for (const std::string option : {"--scope", "--role"}) {
    const Ran twice =
        place.run({"token", "create", "--name", "b", option, "viewer", option, "worker"});
    EXPECT_EQ(twice.status, 2);
    EXPECT_THAT(twice.err, HasSubstr(option + " is given twice"));
  }
  const Ran wrong = place.run({"token", "create", "--name", "b", "--scope", "king"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--scope: \"king\" is none of"));
  EXPECT_EQ(tokens(place).size(), 1U);
}

TEST(TokenTest, OfAFileThatHoldsNoneIsRefused) {
  const Place place;
  place.write("token", "hunter2");
  for (const std::string file : {"token", "nowhere"}) {
    const Ran ran =
        place.run({"token", "create", "--name", "ci", "--role", "viewer", "--token-file", file});
    EXPECT_EQ(ran.status, 2) << file;
    EXPECT_THAT(ran.err, AllOf(HasSubstr("--token-file"), Not(HasSubstr("hunter2"))));
    EXPECT_FALSE(place.exists("waybill-data/ledger.db"));
  }
}

TEST(TokenTest, AndSecretsLeaveTheirRowsInTheAuditLog) {
  const Place place;
  place.write("key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  place.write("new-key", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
  place.write("value", "hunter2");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"token", "create", "--name", "ci", "--role", "admin"},
           {"secret", "set", "db", "--file", "value", "--secret-key-file", "key", "--dry-run"},
           {"secret", "set", "db", "--file", "value", "--secret-key-file", "key"},
           {"secret", "rotate", "--new-key-file", "new-key", "--secret-key-file", "key"},
           {"secret", "remove", "db"}}) {
    const Ran ran = place.run(words);
    ASSERT_EQ(ran.status, 0) << ran.err;
  }
  std::vector<std::string> said;
  const bj::value listed = place.json("audit list", {"audit", "list"});
  for (const bj::value& entry : listed.at("entries").as_array()) {
    said.push_back(text_of(entry.at("operation")));
    EXPECT_EQ(text_of(entry.at("subject")).find("hunter2"), std::string::npos);
  }
  EXPECT_THAT(said,
              testing::ElementsAre("secret remove", "secret rotate", "secret set", "token create"));
}

}  // namespace
}  // namespace waybill::e2e
