#include "tests/sim/drop.h"

#include <cstdio>
#include <set>

#include "base/check.h"

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

std::string minute_path(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto minute = std::chrono::duration_cast<std::chrono::minutes>(time - day).count();
  char text[32];
  std::snprintf(text, sizeof text, "%04d/%02u/%02u/%02d/%02d", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(minute / 60), int(minute % 60));
  return text;
}

void put(ObjectStore& bucket, const std::string& key) {
  const Status done = bucket.put(key, "x");
  WAYBILL_CHECK(done.has_value(), "a bucket in memory takes everything");
}

}  // namespace

Drop::Drop(Stage& stage, Rng rng)
    : stage_(stage),
      rng_(rng),
      ingestion_(stage, {.name = "ingestion", .page_size = 7}),
      own_(stage, {.name = "own", .page_size = 5}),
      peer_(stage, {.name = "peer", .page_size = 7}) {}

std::map<std::string, ObjectStore*> Drop::buckets() {
  return {{ingestion_.url(), &ingestion_}, {own_.url(), &own_}, {peer_.url(), &peer_}};
}

ScanDefinition Drop::scan() const {
  return {.name = "prio",
          .planner = PrioScan{.ingestion_url = ingestion_.url(),
                              .own_url = own_.url(),
                              .peer_url = peer_.url(),
                              .side = PrioSide::second,
                              .intake_max_age = 6h,
                              .aggregation_period = 5min,
                              .grace_period = 1min,
                              .catch_up = 1h,
                              .intake_task = "intake",
                              .aggregate_task = "aggregate"},
          .every = 40s};
}

std::map<std::string, TaskDefinition> Drop::tasks() const {
  return {{"intake", {.name = "intake", .kind = "work"}},
          {"aggregate", {.name = "aggregate", .kind = "work", .queue = "q1"}}};
}

Duration Drop::up_to(Duration longest) {
  return Duration(static_cast<Duration::rep>(rng_.unit() * static_cast<double>(longest.count())));
}

void Drop::begin_batch() {
  Batch batch;
  batch.id = to_string(uuid_v5(kTaskNamespace, "batch/" + std::to_string(batches_.size())));
  batch.path = "kittens-seen/" + minute_path(stage_.now()) + "/" + batch.id;
  batch.parts_to_come = {".batch", ".batch.avro", ".batch.sig"};
  for (std::size_t i = 0; i < 2; ++i) {
    std::swap(batch.parts_to_come[i], batch.parts_to_come[i + rng_.below(3 - i)]);
  }
  batch.will_be_complete = !rng_.chance(0.15);
  batch.peer_will_validate = rng_.chance(0.8);
  if (!batch.will_be_complete) batch.parts_to_come.pop_back();
  if (rng_.chance(0.1)) put(ingestion_, "kittens-seen/2026/11/22/12/" + batch.id + ".odd");
  ++arriving_;
  Batch& kept = batches_.emplace(batch.id, batch).first->second;
  stage_.enter([this, &kept] { return deliver(kept); }, up_to(5s));
}

Duration Drop::deliver(Batch& batch) {
  if (batch.parts_to_come.empty()) {
    if (batch.peer_will_validate) deliver_peer(batch);
    --arriving_;
    return Stage::kNever;
  }
  put(ingestion_, batch.path + batch.parts_to_come.back());
  batch.parts_to_come.pop_back();
  return up_to(rng_.chance(0.2) ? 90s : 5s);
}

void Drop::deliver_peer(const Batch& batch) {
  for (const std::string part : {"", ".avro", ".sig"}) {
    put(peer_, batch.path + ".validity_0" + part);
  }
}

void Drop::check(LedgerAuditor& auditor) {
  std::map<std::string, int> tasks_of;  // by batch id
  std::set<std::string> expected_markers;
  for (const Uuid& id : auditor.accepted()) {
    const TaskRequest& request = auditor.tasks().at(id).request();
    if (request.created_by != "scan:prio") continue;
    const std::string bucket = own_.url() + "/" + std::string(kMarkerPrefix);
    expected_markers.insert(request.dedup_key.substr(bucket.size()));
    if (request.definition != "intake") continue;
    for (const auto& [batch_id, batch] : batches_) {
      tasks_of[batch_id] += request.params.find(batch_id) != std::string::npos ? 1 : 0;
    }
  }
  for (const auto& [id, batch] : batches_) {
    const int wanted = batch.will_be_complete ? 1 : 0;
    if (tasks_of[id] == wanted) continue;
    auditor.report(Invariant::batches_once,
                   "batch " + batch.path + " has " + std::to_string(tasks_of[id]) +
                       " intake tasks, it should have " + std::to_string(wanted));
  }
  std::set<std::string> markers;
  ListParams params{.prefix = std::string(kMarkerPrefix)};
  do {
    const auto page = own_.list(params);
    for (const ObjectInfo& object : page->objects) {
      markers.insert(object.key.substr(kMarkerPrefix.size()));
    }
    params.token = page->next_token;
  } while (!params.token.empty());
  for (const std::string& marker : markers) {
    if (expected_markers.contains(marker)) continue;
    auditor.report(Invariant::batches_once, "marker " + marker + " is there, but no task of it");
  }
  for (const std::string& marker : expected_markers) {
    if (markers.contains(marker)) continue;
    auditor.report(Invariant::batches_once, "the task of " + marker + " is there, but no marker");
  }
}

}  // namespace waybill::sim
