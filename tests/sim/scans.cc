#include "tests/sim/scans.h"

#include <algorithm>
#include <utility>

#include "tests/sim/batch_drop.h"
#include "tests/sim/prio_drop.h"

namespace waybill::sim {
namespace {

constexpr std::string_view kCreator = "scan:";

}  // namespace

class Scans::WatchedBucket final : public ForwardingBucket {
 public:
  WatchedBucket(ObjectStore& inner, Scans& scans) : ForwardingBucket(inner), scans_(scans) {}

  Status put(const std::string& key, std::string_view body) override {
    scans_.marking(url(), key);
    return inner_.put(key, body);
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    scans_.marking(url(), key);
    return inner_.put_if_absent(key, body);
  }

 private:
  Scans& scans_;
};

Scans::Scans(Stage& stage, LedgerAuditor& auditor, Rng rng) : auditor_(auditor) {
  add(std::make_unique<PrioDrop>(stage, rng.fork()));
  add(std::make_unique<BatchDrop>(stage, rng.fork()));
}

void Scans::add(std::unique_ptr<Drop> drop) {
  for (ObjectStore* bucket : drop->buckets()) {
    watched_.push_back(std::make_unique<WatchedBucket>(*bucket, *this));
  }
  const std::string name = drop->scan().name;
  scans_[name].drop = std::move(drop);
}

std::map<std::string, ScanDefinition> Scans::scans() const {
  std::map<std::string, ScanDefinition> all;
  for (const auto& [name, scan] : scans_) all[name] = scan.drop->scan();
  return all;
}

std::map<std::string, TaskDefinition> Scans::tasks() const {
  std::map<std::string, TaskDefinition> all;
  for (const auto& [name, scan] : scans_) all.merge(scan.drop->tasks());
  return all;
}

std::map<std::string, ObjectStore*> Scans::buckets() {
  std::map<std::string, ObjectStore*> all;
  for (const auto& bucket : watched_) all[bucket->url()] = bucket.get();
  return all;
}

void Scans::begin_batches() {
  for (auto& [name, scan] : scans_) scan.drop->begin_batch();
}

void Scans::accept(const TaskRequest& request) {
  if (!request.created_by.starts_with(kCreator)) return;
  keys_.insert(request.dedup_key);
  const auto found = scans_.find(request.created_by.substr(kCreator.size()));
  const std::string wrong = found == scans_.end() ? "a task of no scan: " + request.created_by
                                                  : found->second.drop->accept(request);
  if (!wrong.empty()) auditor_.report(Invariant::batches_once, wrong);
}

void Scans::marking(const std::string& url, const std::string& marker) {
  if (keys_.contains(url + '/' + marker)) return;
  auditor_.report(Invariant::batches_once,
                  "marker " + marker + " is written, but its task is not accepted");
}

void Scans::came_through(const ScanReport& pass) {
  Scan& scan = scans_.at(pass.scan);
  if (!scan.drop->settled(pass.now)) return;
  scan.scanned_at = std::max(scan.scanned_at, pass.now);
}

bool Scans::have_settled() const {
  return std::ranges::all_of(scans_,
                             [](const auto& scan) { return scan.second.scanned_at != Time{}; });
}

void Scans::check() {
  const std::set<std::string> written = markers();
  for (const auto& [name, scan] : scans_) {
    for (const std::string& wrong : scan.drop->amiss(scan.scanned_at)) {
      auditor_.report(Invariant::batches_once, wrong);
    }
    for (const std::string& key : scan.drop->markers_owed(scan.scanned_at)) {
      if (written.contains(key)) continue;
      auditor_.report(Invariant::batches_once, "the task of " + key + " is there, but no marker");
    }
  }
}

std::set<std::string> Scans::markers() {
  std::set<std::string> all;
  for (const auto& bucket : watched_) {
    ListParams params{.prefix = std::string(kMarkerPrefix)};
    do {
      const auto page = bucket->list(params);
      for (const ObjectInfo& object : page->objects) all.insert(bucket->url() + '/' + object.key);
      params.token = page->next_token;
    } while (!params.token.empty());
  }
  return all;
}

void Scans::tally(std::map<std::string, std::uint64_t>& kinds) const {
  for (const auto& [name, scan] : scans_) scan.drop->tally(kinds);
}

}  // namespace waybill::sim
