// Two servers write to the stores of one database at the same time.

#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <thread>

#include "tests/postgres/server.h"
#include "tests/postgres/stores.h"

namespace waybill::postgres {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr Time kNow{1'800'000'000s};
constexpr int kRounds = 25;

TokenRecord a_token(int number, std::string name) {
  std::string id = std::to_string(number);
  id.insert(0, kTokenIdDigits - id.size(), '0');
  return {.id = std::move(id),
          .name = std::move(name),
          .hash = std::string(kTokenHashBytes, 'h'),
          .created_at = kNow,
          .created_by = "ann"};
}

PersonRecord a_person(std::string subject, std::string login) {
  return {.identity = {.provider = "acme",
                       .subject = std::move(subject),
                       .login = std::move(login),
                       .email = "",
                       .groups = {}},
          .first_seen_at = kNow,
          .logged_in_at = kNow};
}

SecretRecord a_secret(std::string name, std::string key_id) {
  return {.name = std::move(name),
          .sealed = std::string(40, 's'),
          .key_id = std::move(key_id),
          .created_at = kNow,
          .changed_at = kNow,
          .changed_by = "ann"};
}
const std::string kOldKey(kSecretKeyIdDigits, 'a');
const std::string kNewKey(kSecretKeyIdDigits, 'b');

class PostgresStoreRaces : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = emptied_stores();
    if (name.empty()) GTEST_SKIP() << "PostgreSQL is not installed";
    database_ = name;
    one_ = std::make_unique<ServerStores>(name);
    two_ = std::make_unique<ServerStores>(name);
  }

  /// Lets both servers do their part as much at once as can be, many times.
  void race(
      const std::function<void(int round, ServerStores&)>& first,
      const std::function<void(int round, ServerStores&)>& second,
      const std::function<void(int round)>& after = [](int) {}) {
    std::barrier gate(3);
    const auto run = [&](const auto& part, ServerStores& server) {
      for (int round = 0; round < kRounds; ++round) {
        gate.arrive_and_wait();
        part(round, server);
        gate.arrive_and_wait();
      }
    };
    std::jthread one([&] { run(first, *one_); });
    std::jthread two([&] { run(second, *two_); });
    for (int round = 0; round < kRounds; ++round) {
      gate.arrive_and_wait();
      gate.arrive_and_wait();
      after(round);
    }
  }

  std::string database_;
  std::unique_ptr<ServerStores> one_;
  std::unique_ptr<ServerStores> two_;
};

TEST_F(PostgresStoreRaces, OfTwoTokensOfOneNameOneIsPut) {
  std::atomic<int> put = 0;
  const auto put_as = [&](int first_id) {
    return [&put, first_id](int round, ServerStores& server) {
      const Status done =
          server.tokens.put(a_token(first_id + round, "ci" + std::to_string(round)));
      if (done) {
        ++put;
      } else {
        EXPECT_EQ(done.error().code, Code::already_exists) << done.error().message;
      }
    };
  };
  race(put_as(100), put_as(200), [&](int round) { EXPECT_EQ(put, round + 1); });
  EXPECT_THAT(*one_->tokens.list(), SizeIs(kRounds));
}

TEST_F(PostgresStoreRaces, UsesOfTheSameTokensInAnyOrderAreNotedByBoth) {
  std::vector<TokenUse> forth;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(one_->tokens.put(a_token(i, "t" + std::to_string(i))));
    forth.push_back({a_token(i, "").id, {}});
  }
  const std::vector<TokenUse> back(forth.rbegin(), forth.rend());
  const auto note = [](std::vector<TokenUse> uses, Duration offset) {
    return [uses, offset](int round, ServerStores& server) mutable {
      for (TokenUse& use : uses) use.at = kNow + round * 2s + offset;
      const Status noted = server.tokens.note_uses(uses);
      EXPECT_TRUE(noted) << noted.error().message;
    };
  };
  race(note(forth, 0s), note(back, 1s));
  const auto tokens = one_->tokens.list();
  for (const TokenRecord& token : *tokens) {
    EXPECT_EQ(token.last_used_at, kNow + (kRounds - 1) * 2s + 1s);
  }
}

TEST_F(PostgresStoreRaces, TwoFirstLoginsOfOnePersonAreOnePerson) {
  std::string names[2];
  const auto log_in = [&](int which) {
    return [&names, which](int round, ServerStores& server) {
      const auto kept =
          server.people.put_person(a_person(std::to_string(round), "ann" + std::to_string(round)));
      ASSERT_TRUE(kept) << kept.error().message;
      names[which] = kept->name;
    };
  };
  race(log_in(0), log_in(1), [&](int round) {
    EXPECT_EQ(names[0], "acme:ann" + std::to_string(round));
    EXPECT_EQ(names[1], names[0]);
  });
}

TEST_F(PostgresStoreRaces, TwoPeopleWithOneLoginGetTwoNames) {
  std::string names[2];
  const auto log_in = [&](int which) {
    return [&names, which](int round, ServerStores& server) {
      const std::string number = std::to_string(round);
      const auto kept =
          server.people.put_person(a_person(std::to_string(which) + number, "ann" + number));
      ASSERT_TRUE(kept) << kept.error().message;
      names[which] = kept->name;
    };
  };
  race(log_in(0), log_in(1), [&](int round) {
    const std::string plain = "acme:ann" + std::to_string(round);
    EXPECT_NE(names[0], names[1]);
    EXPECT_TRUE(names[0] == plain || names[1] == plain) << names[0] << " " << names[1];
    for (int which : {0, 1}) {
      const auto found = one_->people.person(names[which]);
      ASSERT_TRUE(found && *found);
      EXPECT_EQ((*found)->identity.subject, std::to_string(which) + std::to_string(round));
    }
  });
}

TEST_F(PostgresStoreRaces, EntriesOfOneCallStayInTheirOrderAndNoneIsLost) {
  const auto write = [](const std::string& who) {
    return [who](int round, ServerStores& server) {
      std::vector<AuditEntry> entries;
      for (int i = 0; i < 10; ++i) {
        entries.push_back({.at = kNow,
                           .who = who,
                           .from = "",
                           .operation = "x",
                           .subject = std::to_string(1000 + round * 10 + i)});
      }
      EXPECT_TRUE(server.audit.put(entries));
    };
  };
  race(write("one"), write("two"));
  for (const char* who : {"one", "two"}) {
    const auto page = one_->audit.page({.filter = {.who = who}, .limit = 1000});
    ASSERT_TRUE(page);
    ASSERT_THAT(page->entries, SizeIs(kRounds * 10));
    EXPECT_TRUE(
        std::ranges::is_sorted(page->entries, std::ranges::greater(), &AuditEntry::subject));
  }
}

TEST_F(PostgresStoreRaces, WhatTwoServersRemoveIsCountedOnce) {
  std::vector<AuditEntry> entries(2000, {.at = kNow, .who = "w", .from = "", .operation = "x"});
  ASSERT_TRUE(one_->audit.put(entries));
  std::atomic<std::size_t> removed = 0;
  const auto remove = [&](int, ServerStores& server) {
    const auto done = server.audit.remove(kNow + 1s, 30);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(*done, 30u) << "what the other one removes is passed over, not waited for";
    removed += *done;
  };
  race(remove, remove);
  EXPECT_EQ(removed + one_->audit.page({.limit = 5000})->entries.size(), 2000u);
}

TEST_F(PostgresStoreRaces, OfTwoFirstSecretsUnderTwoKeysOneIsPut) {
  std::atomic<int> put = 0;
  const auto put_under = [&](const std::string& name, const std::string& key_id) {
    return [&put, name, key_id](int, ServerStores& server) {
      const auto done = server.secrets.put(a_secret(name, key_id));
      if (done) {
        ++put;
      } else {
        EXPECT_EQ(done.error().code, Code::failed_precondition) << done.error().message;
      }
    };
  };
  race(put_under("a", kOldKey), put_under("b", kNewKey), [&](int) {
    EXPECT_EQ(put.exchange(0), 1);
    const auto all = one_->secrets.list();
    ASSERT_THAT(*all, SizeIs(1));
    EXPECT_TRUE(one_->secrets.remove(all->front().name));
  });
}

TEST_F(PostgresStoreRaces, ASecretThatIsPutWhileAllAreSealedAnewIsUnderTheirKeyOrNotThere) {
  const auto reseal = [](int, ServerStores& server) {
    const auto done =
        server.secrets.reseal(std::vector<Resealing>{{.name = "a",
                                                      .sealed_before = std::string(40, 's'),
                                                      .sealed = std::string(40, 't'),
                                                      .key_id = kNewKey}});
    if (!done) {
      EXPECT_EQ(done.error().code, Code::aborted) << done.error().message;
    }
  };
  const auto put = [](int, ServerStores& server) {
    const auto done = server.secrets.put(a_secret("b", kOldKey));
    if (!done) {
      EXPECT_EQ(done.error().code, Code::failed_precondition) << done.error().message;
    }
  };
  ASSERT_TRUE(one_->secrets.put(a_secret("a", kOldKey)));
  race(reseal, put, [&](int) {
    const auto all = one_->secrets.list();
    for (const SecretRecord& record : *all) EXPECT_EQ(record.key_id, all->front().key_id);
    for (const SecretRecord& record : *all) EXPECT_TRUE(one_->secrets.remove(record.name));
    EXPECT_TRUE(one_->secrets.put(a_secret("a", kOldKey)));
  });
}

TEST_F(PostgresStoreRaces, OfTwoAnswersToOneKeyTheFirstIsToldToBoth) {
  KeptAnswer told[2];
  const auto keep = [&](int which) {
    return [&told, which](int round, ServerStores& server) {
      const auto kept = server.answers.keep({.owner = "ann\n" + std::to_string(round),
                                             .fingerprint = "f",
                                             .status = 201,
                                             .headers = "",
                                             .body = std::to_string(which),
                                             .kept_at = kNow});
      ASSERT_TRUE(kept) << kept.error().message;
      told[which] = *kept;
    };
  };
  race(keep(0), keep(1), [&](int round) {
    EXPECT_EQ(told[0], told[1]);
    EXPECT_EQ(*one_->answers.find("ann\n" + std::to_string(round)), told[0]);
  });
}

TEST_F(PostgresStoreRaces, AnAnswerIsToldEvenWhileItIsRemoved) {
  const auto keep = [](int, ServerStores& server) {
    for (int i = 0; i < 10; ++i) {
      const auto kept = server.answers.keep(
          {.owner = "k", .fingerprint = "f", .status = 200, .headers = "", .kept_at = kNow});
      ASSERT_TRUE(kept) << kept.error().message;
      EXPECT_EQ(kept->fingerprint, "f");
    }
  };
  const auto remove = [](int, ServerStores& server) {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(server.answers.remove(kNow + 1s, 10));
  };
  race(keep, remove);
}

TEST_F(PostgresStoreRaces, WhatIsNoTextIsKeptInTheAuditLogAllTheSame) {
  ASSERT_TRUE(one_->audit.put(std::vector<AuditEntry>{{.at = kNow,
                                                       .who = std::string("a\0b", 3),
                                                       .from = "\xff",
                                                       .operation = "x",
                                                       .subject = "\xc3\xa9"}}));
  const auto page = two_->audit.page({});
  ASSERT_TRUE(page);
  ASSERT_THAT(page->entries, SizeIs(1));
  EXPECT_EQ(page->entries[0].who,
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(page->entries[0].from, "\xEF\xBF\xBD");
  EXPECT_EQ(page->entries[0].subject, "\xc3\xa9");
}

}  // namespace
}  // namespace waybill::postgres
