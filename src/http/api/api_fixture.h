#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/json.h"
#include "base/rng.h"
#include "http/api/api.h"
#include "http/target.h"
#include "testing/fake_ledger.h"
#include "testing/fake_log_store.h"
#include "testing/sim_clock.h"

namespace waybill::http {

/// The API on a ledger in memory, asked without a network.
class ApiFixture : public ::testing::Test {
 protected:
  ApiFixture() {
    gate_.asks = [this] { return !principals_.empty(); };
    gate_.authenticate = [this](std::string_view token) -> Result<Principal> {
      const auto found = principals_.find(std::string(token));
      if (found == principals_.end()) return fail(Code::unauthenticated, "no such token");
      return found->second;
    };
    api_ = Api::create(parts_, metrics_, gate_).value();
  }

  Request request(std::string method, const std::string& target, std::string body = "",
                  Pairs headers = {}) {
    const auto parsed = parse_target(target).value();
    if (!body.empty()) headers.emplace_back("content-type", "application/json");
    headers.emplace_back("host", "127.0.0.1:8470");
    return {.method = std::move(method),
            .path = parsed.path,
            .segments = parsed.segments,
            .query = parsed.query,
            .headers = std::move(headers),
            .body = std::move(body),
            .peer = "127.0.0.1",
            .came_at = clock_.steady_now()};
  }
  Response ask(const Request& request) { return std::get<Response>(api_->handle(request)); }
  Response get(const std::string& target, Pairs headers = {}) {
    return ask(request("GET", target, "", std::move(headers)));
  }
  Response post(const std::string& target, std::string body, Pairs headers = {}) {
    return ask(request("POST", target, std::move(body), std::move(headers)));
  }
  static boost::json::object json_of(const Response& response) {
    return json::parse(response.body).value().get_object();
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [other, value] : response.headers) {
      if (other == name) return value;
    }
    return "";
  }
  /// The id of a new task.
  std::string create(std::string body = R"({"kind":"noop"})") {
    const Response response = post("/v1/tasks", std::move(body));
    EXPECT_EQ(response.status, 201) << response.body;
    return std::string(json_of(response).at("task").at("id").get_string());
  }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  FakeLogStore logs_;
  std::map<std::string, TaskDefinition> definitions_;
  std::map<std::string, Principal> principals_;  // by token; none: nobody is asked
  Rng rng_{7};
  UuidMaker ids_{rng_};
  FirstAnswers first_answers_;
  EventFeed feed_{{.reader = ledger_, .logs = logs_, .clock = clock_}, [](const LedgerEvent&) {}};
  ApiMetrics metrics_{ledger_, clock_};
  const ApiParts parts_{.ledger = {ledger_, ledger_, ledger_},
                        .logs = logs_,
                        .clock = clock_,
                        .definitions = definitions_,
                        .kinds = {"noop"},
                        .check_task = {},
                        .new_id = [this] { return ids_.next(clock_.now()); },
                        .chance = [this] { return rng_.unit(); },
                        .feed = feed_,
                        .first_answers = first_answers_};
  ApiGate gate_;
  std::unique_ptr<Api> api_;
};

}  // namespace waybill::http
