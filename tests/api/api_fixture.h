#pragma once

#include <gtest/gtest.h>

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/rng.h"
#include "http/api/api.h"
#include "services/audit_writer.h"
#include "services/queue_allowance.h"
#include "services/session_desk.h"
#include "services/token_desk.h"
#include "testing/fake_audit_log.h"
#include "testing/fake_ledger.h"
#include "testing/fake_log_store.h"
#include "testing/fake_people_store.h"
#include "testing/fake_secret_store.h"
#include "testing/fake_token_store.h"
#include "testing/sim_clock.h"

namespace waybill::http {

/// The API on a ledger in memory, asked without a network.
class ApiFixture : public ::testing::Test {
 protected:
  ApiFixture();

  Request request(std::string method, const std::string& target, std::string body = "",
                  Pairs headers = {});
  Response ask(const Request& request);
  Response get(const std::string& target, Pairs headers = {});
  Response post(const std::string& target, std::string body, Pairs headers = {});
  static boost::json::object json_of(const Response& response);
  static std::string header(const Response& response, std::string_view name);
  /// The id of a new task.
  std::string create(std::string body = R"({"kind":"noop"})");

  SimClock clock_;
  FakeLedger ledger_{clock_};
  FakeLogStore logs_;
  Definitions all_;
  std::map<std::string, TaskDefinition>& definitions_ = all_.tasks;
  std::map<std::string, Principal> principals_;  // by token; none: nobody is asked
  bool nobody_can_say_ = false;                  // whether there are tokens
  Rng rng_{7};
  UuidMaker ids_{rng_};
  FirstAnswers first_answers_;
  FakeSecretStore secret_store_;
  SecretVault secrets_{secret_store_,
                       clock_,
                       {.keys = {std::string(32, 'k')},
                        .random_bytes = [](std::size_t count) { return std::string(count, 'n'); }}};
  EventFeed feed_{{.reader = ledger_, .logs = logs_, .clock = clock_}, [](const LedgerEvent&) {}};
  ApiMetrics metrics_{ledger_, ledger_, clock_};
  FakeAuditLog audit_log_;
  AuditWriter audit_{audit_log_, clock_};
  FakeTokenStore token_store_;
  TokenDesk tokens_{token_store_};
  FakePeopleStore people_;
  SessionDesk sessions_{people_, [] { return std::nullopt; }};
  char filling_ = 'a';  // of the bytes that nobody can guess
  QueueAllowance queue_allowance_{clock_, {.queues_max = 2}};
  const ApiParts parts_{
      .ledger = {ledger_, ledger_, ledger_},
      .logs = logs_,
      .clock = clock_,
      .definitions = always(all_),
      .kinds = {{"noop", ""}, {"typed", R"({"type":"object"})"}},
      .check_task = {},
      .new_id = [this] { return ids_.next(clock_.now()); },
      .chance = [this] { return rng_.unit(); },
      .feed = feed_,
      .first_answers = first_answers_,
      .audit = &audit_,
      .secrets = &secrets_,
      .tokens = &tokens_,
      .sessions = &sessions_,
      .random_bytes = [this](std::size_t n) { return std::string(n, filling_++); },
      .queue_allowance = &queue_allowance_};
  ApiGate gate_;
  std::unique_ptr<Api> api_;
};

}  // namespace waybill::http
