#include "tests/sim/prio_drop.h"

#include <algorithm>
#include <utility>

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPrioWindow = 1h;  // of intakes, and for catching up with aggregations
constexpr Duration kPeriod = 5min;
constexpr Duration kGrace = 1min;
const std::string kAggregation = "kittens-seen";
const std::string kValidation = ".validity_0";
const std::string kSignature = ".sig";

/// The end of the aggregation window that holds a minute, known apart from the planner's code.
Time window_end(Time minute) {
  const auto midnight = std::chrono::floor<std::chrono::days>(minute);
  return midnight + ((minute - midnight) / kPeriod + 1) * kPeriod;
}

}  // namespace

PrioDrop::PrioDrop(Stage& stage, Rng rng)
    : Drop(stage, rng, kPrioWindow),
      ingestion_(stage, {.name = "ingestion", .page_size = 23}),
      own_(stage, {.name = "own", .page_size = 17}),
      peer_(stage, {.name = "peer", .page_size = 23}) {}

ScanDefinition PrioDrop::scan() const {
  return {.name = "prio",
          .planner = PrioScan{.ingestion_url = ingestion_.url(),
                              .own_url = own_.url(),
                              .peer_url = peer_.url(),
                              .side = PrioSide::second,
                              .intake_max_age = kPrioWindow,
                              .aggregation_period = kPeriod,
                              .grace_period = kGrace,
                              .catch_up = kPrioWindow,
                              .intake_task = "intake",
                              .aggregate_task = "aggregate"},
          .every = 60s};
}

std::map<std::string, TaskDefinition> PrioDrop::tasks() const {
  return {{"intake", {.name = "intake", .kind = "work"}},
          {"aggregate", {.name = "aggregate", .kind = "work", .queue = "q1"}}};
}

void PrioDrop::begin_batch() {
  const std::string id =
      to_string(uuid_v5(kTaskNamespace, "batch/" + std::to_string(batches_.size())));
  Batch& batch = batches_[id];
  batch.minute = choose_minute();
  batch.path = kAggregation + '/' + minute_text(batch.minute, '/') + '/' + id;
  std::vector<std::string> parts = {".batch", ".batch.avro", ".batch.sig"};
  batch.missing = {parts.begin(), parts.end()};
  shuffle(parts);
  const bool completely = !rng_.chance(0.15);
  if (!completely) parts.pop_back();
  std::vector<Upload> uploads;
  if (rng_.chance(0.1)) {
    uploads.push_back({.bucket = &ingestion_, .key = kAggregation + "/2026/11/22/12/" + id});
  }
  for (const std::string& part : parts) {
    uploads.push_back({.bucket = &ingestion_, .key = batch.path + part, .after = gap()});
  }
  if (completely && rng_.chance(0.8)) {
    std::vector<std::string> validation = {"", ".avro", kSignature};
    shuffle(validation);
    for (const std::string& part : validation) {
      uploads.push_back({.bucket = &peer_, .key = batch.path + kValidation + part, .after = gap()});
    }
  }
  upload(std::move(uploads), [this, &batch](const Upload& upload) { arrived(batch, upload.key); });
}

void PrioDrop::arrived(Batch& batch, const std::string& key) {
  quiet_from(stage_.now());
  if (!key.starts_with(batch.path)) return;
  const std::string part = key.substr(batch.path.size());
  batch.missing.erase(part);
  if (part != kValidation + kSignature) return;  // all that it needs comes before
  batch.validated = true;
  batch.in_time = stage_.latest() < window_end(batch.minute) + kGrace;
}

std::string PrioDrop::accept(const TaskRequest& request) {
  if (request.definition == "intake") {
    const auto message = prio::decode_intake(request.params);
    if (!message) return message.error().message;
    owe_marker(request.dedup_key, message->date);
    return accept_intake(*message);
  }
  const auto message = prio::decode_aggregate(request.params);
  if (!message) return message.error().message;
  owe_marker(request.dedup_key, message->begin);
  return accept_aggregate(*message);
}

std::string PrioDrop::accept_intake(const prio::IntakeMessage& message) {
  const auto found = batches_.find(message.batch_id);
  if (found == batches_.end()) return "an intake of no batch: " + message.batch_id;
  Batch& batch = found->second;
  if (++batch.intakes > 1) return "another intake of batch " + batch.path;
  if (message.aggregation_id != kAggregation || message.date != batch.minute) {
    return "an intake that names " + message.aggregation_id + " at " + format_time(message.date) +
           ", not " + batch.path;
  }
  if (!batch.missing.empty()) return "an intake of an incomplete batch: " + batch.path;
  if (in_window(batch.minute) == InWindow::never) {
    return "an intake of a batch outside the window: " + batch.path;
  }
  return {};
}

std::string PrioDrop::accept_aggregate(const prio::AggregateMessage& message) {
  const std::string name = "the aggregation until " + format_time(message.end);
  if (message.aggregation_id != kAggregation || message.end - message.begin != kPeriod ||
      window_end(message.begin) != message.end) {
    return name + " is of no window";
  }
  if (stage_.latest() < message.end + kGrace) return name + " did not wait for its grace period";
  if (!aggregated_.insert(message.end).second) return name + " is there twice";
  for (const prio::AggregatedBatch& member : message.batches) {
    if (std::string wrong = add_up(message, member); !wrong.empty()) return name + wrong;
  }
  for (const auto& [id, batch] : batches_) {
    const bool expected = batch.in_time && window_end(batch.minute) == message.end;
    if (expected && batch.aggregates == 0) return name + " misses " + batch.path;
  }
  return {};
}

std::string PrioDrop::add_up(const prio::AggregateMessage& message,
                             const prio::AggregatedBatch& member) {
  const auto found = batches_.find(member.id);
  if (found == batches_.end()) return " has a batch that nobody has seen: " + member.id;
  Batch& batch = found->second;
  if (member.time != batch.minute || window_end(batch.minute) != message.end) {
    return " has a batch of another time: " + batch.path;
  }
  if (!batch.validated) return " has a batch that the peer has not validated: " + batch.path;
  if (++batch.aggregates > 1) return " adds a batch up again: " + batch.path;
  return {};
}

std::vector<std::string> PrioDrop::amiss(Time scanned_at) const {
  std::vector<std::string> complaints;
  for (const auto& [id, batch] : batches_) {
    const bool owed = batch.missing.empty() && in_window(batch.minute) == InWindow::always;
    if (owed && batch.intakes == 0) complaints.push_back("no intake of batch " + batch.path);
    const Time end = window_end(batch.minute);
    const bool reached = end + kGrace <= scanned_at && end - kPeriod >= scanned_at - kPrioWindow;
    if (batch.validated && reached && !aggregated_.contains(end)) {
      complaints.push_back("the window until " + format_time(end) + " is not aggregated, it has " +
                           batch.path);
    }
  }
  return complaints;
}

void PrioDrop::tally(std::map<std::string, std::uint64_t>& kinds) const {
  for (const auto& [id, batch] : batches_) {
    const InWindow in = in_window(batch.minute);
    ++kinds[!batch.missing.empty()      ? "prio: incomplete"
            : in == InWindow::never     ? "prio: outside the window"
            : in == InWindow::sometimes ? "prio: at the edge of the window"
                                        : "prio: owed an intake"];
    if (batch.aggregates > 0) ++kinds["prio: aggregated"];
    if (batch.validated && batch.aggregates == 0) ++kinds["prio: validated too late"];
  }
}

}  // namespace waybill::sim
