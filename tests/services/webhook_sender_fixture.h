#pragma once

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <numeric>
#include <set>

#include "base/json.h"
#include "base/rng.h"
#include "services/webhook_sender.h"
#include "testing/fake_http_client.h"
#include "testing/fake_ledger.h"
#include "testing/fake_webhook_store.h"
#include "testing/forwarding_reader.h"
#include "testing/sim_clock.h"

namespace waybill {
inline constexpr std::string_view kWebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class WebhookSecrets final : public SecretSource {
 public:
  Result<std::string> secret(std::string_view name) override {
    if (name == "key") return std::string(kWebhookSecret);
    return fail(Code::not_found, "there is no secret \"" + std::string(name) + "\"");
  }
};

/// Numbers changes as SQLite's ledger does, far apart; and can have forgotten the first of them.
class SparseReader final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  static constexpr int kBits = 20;

  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override {
    if (after + 1 < (forgotten + 1) << kBits && forgotten > 0) {
      return fail(Code::out_of_range, "gone");
    }
    auto found = inner_.events(after >> kBits, limit);
    if (found) {
      for (LedgerEvent& event : *found) event.sequence <<= kBits;
    }
    return found;
  }
  Result<std::uint64_t> last_sequence(std::optional<std::uint64_t> past,
                                      const Deadline& deadline) override {
    if (past) *past >>= kBits;
    const auto last = inner_.last_sequence(past, {.at = SteadyTime{}, .stop = deadline.stop});
    return last ? *last << kBits : last;
  }
  Result<Task> get(const Uuid& id) override {
    if (id == damaged) return fail(Code::data_loss, "damaged");
    return inner_.get(id);
  }

  std::uint64_t forgotten = 0;  // how many
  Uuid damaged;
};

class WebhookSenderTest : public testing::Test {
 protected:
  void SetUp() override { add_hook(); }

  void add_hook(std::vector<State> states = {}, std::string secret = "key") {
    WebhookPut put{.settings = {.name = "ci",
                                .url = "https://ci.example/hook",
                                .states = std::move(states),
                                .queues = {},
                                .kinds = kinds_,
                                .definitions = {},
                                .secrets = {std::move(secret)}},
                   .id = parse_uuid("01890000-0000-7000-8000-000000000001").value(),
                   .sequence = 0,
                   .at = clock_.now(),
                   .by = "test"};
    ASSERT_TRUE(store_.put(put));
  }
  /// Inserts tasks, each of which is one change.
  void change(int count, std::string_view kind = "noop") {
    for (int i = 0; i < count; ++i) {
      TaskRequest request;
      request.id = ids_.next(clock_.now());
      request.queue = "q";
      request.kind = std::string(kind);
      ASSERT_TRUE(ledger_.insert(std::span(&request, 1)));
    }
  }
  /// Steps until there is nothing more to do now.
  void run(WebhookSender& sender) {
    for (int i = 0; i < 1000; ++i) {
      const auto wait = sender.step({.at = clock_.steady_now() + kWebhookAnswerMax});
      ASSERT_TRUE(wait);
      if (*wait > Duration::zero()) return;
    }
    FAIL() << "it never comes to an end";
  }
  void run() { run(sender_); }
  void step() { ASSERT_TRUE(sender_.step({.at = clock_.steady_now() + kWebhookAnswerMax})); }
  std::vector<HttpRequest> sent() { return http_.requests(); }
  /// The numbers of the changes, in the order in which they were sent.
  std::vector<std::int64_t> sequences() {
    std::vector<std::int64_t> found;
    for (const HttpRequest& request : sent()) found.push_back(number_of(request));
    return found;
  }
  static std::int64_t number_of(const HttpRequest& request) {
    const auto event = json::parse(request.body).value();
    return event.at("data").at("sequence").to_number<std::int64_t>() >> SparseReader::kBits;
  }
  static std::string header_of(const HttpRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return "";
  }
  std::uint64_t told_until() { return hook().health.sequence >> SparseReader::kBits; }
  Webhook hook() { return store_.list().value().at(0); }
  std::vector<WebhookDelivery> waiting() {
    return store_.deliveries({.name = "ci", .limit = 10'000}).value();
  }
  WebhookSender make(std::string holder, std::size_t at_once = 1) {
    return WebhookSender({.store = store_,
                          .reader = reader_,
                          .post = post_,
                          .clock = clock_,
                          .chance = [] { return 0.0; }},
                         {.holder = std::move(holder), .at_once = at_once});
  }
  static Result<HttpResponse> answered(int status, HttpHeaders headers = {}) {
    return HttpResponse{.status = status, .headers = std::move(headers), .body = {}};
  }

  SimClock clock_;
  Rng rng_{1};
  UuidMaker ids_{rng_};
  FakeLedger ledger_{clock_};
  SparseReader reader_{ledger_};
  FakeWebhookStore store_;
  WebhookSecrets secrets_;
  std::vector<std::string> kinds_;
  std::function<Result<HttpResponse>(const HttpRequest&)> address_ = [](const HttpRequest&) {
    return answered(204);
  };
  FakeHttpClient http_{[this](const HttpRequest& request) { return address_(request); }};
  WebhookPost post_{http_, secrets_, clock_};
  WebhookSender sender_ = make("one");
};

}  // namespace waybill
