#include "tests/sim/people.h"

#include <iterator>

#include "base/check.h"

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

constexpr const char* kQueues[] = {"default", "q1", "q2"};

}  // namespace

std::vector<QueueSettings> queue_settings() {
  const Retention brief{.succeeded = 4min, .failed = 6min, .cancelled = 5min};
  return {{.name = "default", .retention = brief},
          {.name = "q1", .retention = brief},
          {.name = "q2", .concurrency_max = 2, .retention = brief}};
}

void Client::act() {
  if (pending_.empty()) {
    const std::uint64_t count = 1 + rng_.below(4);
    for (std::uint64_t i = 0; i < count; ++i) pending_.push_back(invent());
  }
  const auto answers = ledger_.insert(pending_);
  // What is not known to have failed for good is asked for again.
  if (answers || answers.error().code == Code::invalid_argument) pending_.clear();
}

TaskRequest Client::invent() {
  TaskRequest request;
  request.id = uuid_v5(kTaskNamespace, "client/" + std::to_string(++invented_));
  request.queue = kQueues[rng_.below(3)];
  request.kind = rng_.chance(0.2) ? "inline" : "work";
  request.priority = static_cast<int>(rng_.below(21)) - 10;
  request.created_by = "client";
  request.definition = invented_ % 2 == 0 ? "even" : "odd";
  request.spec = R"({"argv":["work"]})";
  request.params = R"({"number":)" + std::to_string(invented_) + "}";
  request.labels = {{"number", std::to_string(invented_)}};
  request.retry.failures_max = 1 + static_cast<std::uint32_t>(rng_.below(4));
  request.retry.worker_deaths_max = 1 + static_cast<std::uint32_t>(rng_.below(3));
  request.retry.backoff_first = Duration(1s) * (1 + static_cast<int>(rng_.below(15)));
  request.retry.backoff_max = 30s;
  if (rng_.chance(0.15))
    request.run_at = auditor_.now() + 1s * (1 + static_cast<int>(rng_.below(90)));
  if (rng_.chance(0.1)) request.run_time_max = 10s;
  if (rng_.chance(0.35)) add_dependencies(request);
  if (rng_.chance(0.4)) add_dedup_key(request);
  return request;
}

void Client::add_dependencies(TaskRequest& request) {
  const auto& accepted = auditor_.accepted();
  const std::uint64_t count = 1 + rng_.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool within = !pending_.empty() && rng_.chance(0.5);
    if (within) {
      request.waits_for.push_back(pending_[rng_.below(pending_.size())].id);
    } else if (!accepted.empty()) {
      const std::uint64_t recent = std::min<std::uint64_t>(accepted.size(), 20);
      const Uuid& id = accepted[accepted.size() - 1 - rng_.below(recent)];
      if (!auditor_.tasks().at(id).is_removed()) request.waits_for.push_back(id);
    }
  }
}

void Client::add_dedup_key(TaskRequest& request) {
  // Few keys for live tasks, so that they meet; more for those that are spent for ever.
  if (rng_.chance(0.5)) {
    request.dedup_key = "live/" + std::to_string(rng_.below(4));
  } else {
    request.dedup_key = "forever/" + std::to_string(rng_.below(12));
    request.dedup_scope = DedupScope::forever;
  }
}

void Person::act() {
  const auto& live = auditor_.live_ids();
  const auto& accepted = auditor_.accepted();
  const double roll = rng_.unit();
  if (roll < 0.42 && !live.empty()) {
    const auto id = std::next(live.begin(), static_cast<std::ptrdiff_t>(rng_.below(live.size())));
    ask(*id, event::Cancel{.by = "ann", .reason = "not needed"});
  } else if (roll < 0.76 && !accepted.empty()) {
    for (int tries = 0; tries < 20; ++tries) {
      const Uuid& id = accepted[rng_.below(accepted.size())];
      const AuditedTask& task = auditor_.tasks().at(id);
      const bool can = task.state() == State::failed || task.state() == State::cancelled;
      if (!can || task.is_removed()) continue;
      return ask(id, event::Retry{.by = "ann"});
    }
  } else if (roll < 0.88 && !live.empty()) {
    const auto id = std::next(live.begin(), static_cast<std::ptrdiff_t>(rng_.below(live.size())));
    ask(*id, amendment());
  } else {
    const QueueSettings settings = queue_settings()[rng_.below(3)];
    put(settings, rng_.chance(0.4));
  }
}

event::Amend Person::amendment() {
  event::Amend amend{.by = "ann"};
  if (rng_.chance(0.7)) amend.priority = static_cast<int>(rng_.below(41)) - 20;
  if (!amend.priority || rng_.chance(0.4)) {
    amend.run_at = auditor_.now() + 1s * (static_cast<int>(rng_.below(61)) - 20);
  }
  return amend;
}

void Person::ask(const Uuid& id, const Event& event) {
  const auto task = reader_.get(id);
  if (!task) return;
  const auto change = transition(*task, event, {.now = auditor_.now()});
  if (!change) return;
  const auto answers = auditor_.apply(std::vector<Change>{*change});
  WAYBILL_CHECK(answers.has_value(), "nothing stands between a person and the ledger here");
}

void Person::put(QueueSettings settings, bool paused) {
  const Status put = registry_.put_queue(settings);
  const Status set = registry_.set_queue_paused(settings.name, paused);
  WAYBILL_CHECK(put && set, "nothing stands between a person and the registry here");
  settings.paused = paused;
  auditor_.queue_is(settings);
}

void Person::leave() {
  for (const QueueSettings& settings : queue_settings()) put(settings, settings.paused);
}

}  // namespace waybill::sim
