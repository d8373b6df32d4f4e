#include "tests/copy/full_ledger.h"

#include <gtest/gtest.h>

#include "core/transition.h"
#include "testing/builders.h"
#include "tests/conformance/run_store/builders.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

template <class Answer>
void accept(const Answer& answer) {
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
}

Time at(int seconds) { return Time(24h * 365 * 56) + std::chrono::seconds(seconds); }

class Filling {
 public:
  Filling(SqliteLedger& ledger, Clock& clock) : ledger_(ledger), clock_(clock) {}

  void run() {
    add_tasks();
    remove_one();
    add_artifacts();
    add_settings();
    add_doors();
    add_webhooks();
    add_runs();
    add_collections();
    add_chronicle();
  }

 private:
  void apply(int number, const Event& event) {
    const auto task = ledger_.reader().get(task_id(number));
    ASSERT_TRUE(task.has_value()) << task.error().message;
    const auto change = transition(*task, event, {.now = clock_.now()});
    ASSERT_TRUE(change.has_value()) << change.error().message;
    const auto applied = ledger_.ledger().apply(std::vector{*change});
    ASSERT_TRUE(applied.has_value() && applied->front().has_value());
  }

  void claim(int number) {
    const auto claimed = ledger_.ledger().claim(
        {.only_ids = {task_id(number)}, .worker = "w", .lease = std::chrono::hours(1)});
    ASSERT_TRUE(claimed.has_value() && claimed->size() == 1) << number;
  }

  /// 1 ready, 2 blocked by it, 3 scheduled, 4 leased, 5 succeeded, 6 failed, 7 cancelled while it
  /// was blocked, 8 succeeded with a key for ever, 9 the same and removed, 10 leased with a report.
  void add_tasks() {
    accept(ledger_.ledger().insert(a_batch(
        {a_task(1).priority(50).label("of", "ann").dedup("live key"),
         a_task(2).waits_for({task_id(1)}).queue("fetch").run_time_max(5min),
         a_task(3).run_at(clock_.now() + 24h).params(R"({"name":"Zoë \u0000"})"),
         a_task(4).kind("other"), a_task(5).definition("nightly").created_by("token:ci"),
         a_task(6).spec(R"({"command":["false"]})").retry({.failures_max = 1}),
         a_task(7).waits_for({task_id(1)}),
         a_task(8).dedup(std::string("for ever \xff\0 key", 15), DedupScope::forever),
         a_task(9).dedup("of one that is gone", DedupScope::forever), a_task(10).queue("fetch")})));
    for (const int number : {4, 5, 6, 8, 9, 10}) claim(number);
    apply(5, event::Succeed{.fence = 1, .result = R"({"sum":7})"});
    apply(6, event::Fail{.fence = 1, .failure_class = FailureClass::permanent, .error = "no"});
    apply(7, event::Cancel{.by = "ann", .reason = "enough"});
    apply(8, event::Succeed{.fence = 1});
    apply(9, event::Succeed{.fence = 1});
    accept(ledger_.ledger().record(std::vector<Report>{
        {.id = task_id(10), .fence = 1, .progress = R"({"done":1})", .checkpoint = "{}"}}));
  }

  void remove_one() {
    const auto removed = ledger_.ledger().remove(std::vector{task_id(9)}, kTimeMax);
    ASSERT_TRUE(removed.has_value() && removed->size() == 1);
  }

  void add_artifacts() {
    accept(ledger_.artifacts().record({.task = task_id(10),
                                       .fence = 1,
                                       .artifacts = {{.name = "out/märz.csv",
                                                      .sha256 = std::string(64, 'a'),
                                                      .size_bytes = 12,
                                                      .media_type = "text/csv"}}},
                                      clock_.now()));
    accept(ledger_.artifacts().condemn(std::vector{std::string(64, 'b')}, clock_.now()));
    accept(ledger_.artifacts().next_claim());
  }

  void add_settings() {
    Registry& registry = ledger_.registry();
    accept(registry.put_queue({.name = "fetch", .concurrency_max = 3}));
    accept(registry.set_queue_paused("fetch", true));
    Schedule nightly{.name = "nightly",
                     .cron = "0 3 * * *",
                     .task = a_task(100),
                     .source = "cli",
                     .handled_until = clock_.now()};
    accept(registry.put_schedule(nightly));
    nightly.name = "hourly";
    nightly.paused = true;
    accept(registry.put_schedule(nightly));
    accept(registry.pause_schedule("nightly", {.at = clock_.now(), .by = "ann", .reason = "why"},
                                   clock_.now()));
    accept(registry.put_worker({.name = "w", .host = "h", .process_id = 1, .slots = 1}));
    accept(ledger_.secrets().put({.name = "key",
                                  .sealed = std::string(40, '\0'),
                                  .key_id = std::string(16, 'a'),
                                  .created_at = at(1),
                                  .changed_at = at(2),
                                  .changed_by = "ann"}));
  }

  void add_doors() {
    TokenRecord token{.id = "12345678",
                      .name = "ci",
                      .role = Role::operator_,
                      .hash = std::string(32, '\1'),
                      .rate_limit = 5,
                      .created_at = at(1),
                      .created_by = "ann",
                      .expires_at = at(100)};
    accept(ledger_.tokens().put(token));
    token.id = "87654321";
    token.expires_at = {};
    accept(ledger_.tokens().revoke("12345678", at(3)));
    accept(ledger_.tokens().put(token));
    PersonRecord person{.identity = {.provider = "github",
                                     .subject = "7",
                                     .login = "ann",
                                     .email = "a@x.example",
                                     .email_verified = true,
                                     .groups = {"staff"}},
                        .first_seen_at = at(1),
                        .logged_in_at = at(2)};
    const auto ann = ledger_.people().put_person(person);
    accept(ann);
    person.identity.subject = "8";
    person.sealed_token = std::string("s\0t", 3);
    accept(ledger_.people().put_person(person));
    accept(ledger_.people().put_session({.id = std::string(16, 'c'),
                                         .hash = std::string(32, '\2'),
                                         .person = ann->name,
                                         .created_at = at(1),
                                         .seen_at = at(2),
                                         .ends_at = at(3)}));
    accept(ledger_.audit().put(std::vector<AuditEntry>{
        {.at = at(1), .who = "ann", .operation = "queue pause", .subject = "fetch"},
        {.at = at(2),
         .who = "bob",
         .operation = "x",
         .subject = "y",
         .outcome = AuditOutcome::refused,
         .reason = "no"}}));
    accept(ledger_.answers().keep({.owner = std::string("ann\0key", 7),
                                   .fingerprint = std::string("\0\xff", 2),
                                   .status = 201,
                                   .headers = "A: b\n",
                                   .body = std::string("{}\0", 3),
                                   .kept_at = clock_.now()}));
  }

  void add_webhooks() {
    accept(ledger_.webhooks().put(
        {.settings = {.name = "ci", .url = "https://x.example/hook", .secrets = {"key"}},
         .id = task_id(200),
         .sequence = 3,
         .at = at(1),
         .by = "ann"}));
    const auto held = ledger_.webhooks().hold("ci", "one", at(1), at(30));
    ASSERT_TRUE(held.has_value() && *held);
    const std::vector<WebhookDelivery> failed = {
        {.sequence = 4, .body = "{\"n\":4}", .attempts = 1, .next_at = at(5), .status = 503},
        {.sequence = 5, .body = "{\"n\":5}", .attempts = 10, .given_up = true, .error = "busy"}};
    accept(ledger_.webhooks().settle({.name = "ci",
                                      .id = task_id(200),
                                      .holder = "one",
                                      .health = {.sequence = 6, .failures = 2},
                                      .changed_at = at(1),
                                      .failed = failed}));
  }

  void add_collections() {
    CollectionStore& collections = ledger_.collections();
    accept(collections.put({.id = task_id(210),
                            .url = "https://x.example/data.json",
                            .title = "A title",
                            .creator = "ann",
                            .created_at = at(1)}));
    accept(collections.put({.id = task_id(211), .created_at = at(2)}));
    const std::vector<CollectionItem> items = {{.url = "https://x.example/a", .title = "A"},
                                               {.url = "https://x.example/b"}};
    accept(collections.add_items(task_id(210), items));
    accept(collections.note({.collection = task_id(210),
                             .url = "https://x.example/a",
                             .fetch = {.tried_at = at(3),
                                       .fetched_at = at(3),
                                       .status = 200,
                                       .size_bytes = 5,
                                       .media_type = "text/plain",
                                       .sha256 = std::string(64, 'a'),
                                       .cid = "bafy",
                                       .header_cid = "bafk"},
                             .took_ms = 7,
                             .metadata = {R"({"title":"A"})"}}));
    accept(collections.note({.collection = task_id(210),
                             .url = "https://x.example/b",
                             .fetch = {.tried_at = at(4),
                                       .failure = FetchFailure::permanent,
                                       .status = 404,
                                       .error = "answers 404"}}));
    accept(collections.set_index(task_id(210), "bafi", at(5)));
  }

  void add_chronicle() {
    Chronicle& chronicle = ledger_.chronicle();
    accept(chronicle.keep_pass({.scan = "drop",
                                .first_at = at(1),
                                .last_at = at(1),
                                .report = std::string("{\"a\":\"\xff\"}", 9)}));
    accept(chronicle.keep_pass(
        {.scan = "drop", .first_at = at(2), .last_at = at(2), .error = "the bucket is away"}));
    const std::vector<DefinitionVersion> held = {
        {.map = "tasks", .name = "fetch", .since = at(1), .definition = R"({"a":1})"}};
    accept(chronicle.note_definitions(held));
  }

  void add_runs() {
    using namespace run_store_suite;
    RunStore& runs = ledger_.runs();
    for (const std::uint8_t id : {1, 2, 3}) accept(runs.create(run_store_suite::a_run(id)));
    for (const std::uint8_t id : {2, 3}) ASSERT_EQ(hold_one(runs, held_by("one", id)), true);
    accept(runs.settle(settled(2, {start_of("fetch", 60), approval_of("sign")})));
    accept(runs.ask(answer_of(2, "sign")));
    RunSettlement ended = settled(3, {start_of("a", 61), finish_of("a", NodeState::failed, "{}")});
    ended.state = pipeline::RunState::failed;
    ended.error = "a failed";
    accept(runs.settle(ended));
  }

  SqliteLedger& ledger_;
  Clock& clock_;
};

}  // namespace

void fill_ledger(SqliteLedger& ledger, Clock& clock) { Filling(ledger, clock).run(); }

}  // namespace waybill
