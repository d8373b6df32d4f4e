// Mistakes of scanner and scheduler, made by twisting what they say to ledger and bucket.

#include "core/scan_plan.h"
#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

bool is_of_scan(const TaskRequest& request) { return request.created_by.starts_with("scan:"); }
bool is_of_schedule(const TaskRequest& request) {
  return request.created_by.starts_with("schedule:");
}

/// Answers a call of a scan or a schedule as accepted without making it, now and then: what the
/// caller does next stands on nothing.
template <bool (*kConcerns)(const TaskRequest&)>
class GoesOnBeforeInserting final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    if (requests.empty() || !kConcerns(requests[0]) || !rng_.chance(0.1)) {
      return inner_.insert(requests);
    }
    std::vector<Inserted> answers;
    for (const TaskRequest& request : requests) answers.push_back({.id = request.id});
    return answers;
  }
};

/// Makes the task of the moment at which the scheduler looked, not of the nominal time.
class FiresByWallTime final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (!is_of_schedule(request)) return;
    request.run_at = now();
    request.dedup_key = request.created_by + "/" + format_time(now());
    request.id = uuid_v5(kTaskNamespace, request.dedup_key);
  }
};

/// Forgets that the key of a nominal time stays spent, and gives each task an id of its own.
class FiresAgain final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (!is_of_schedule(request)) return;
    request.dedup_key.clear();
    request.id = uuid_v5(kTaskNamespace, std::to_string(rng_.next()));
  }
};

/// Gives each task of a scan an id of its own, and no key.
class SchedulesBatchesAgain final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (!is_of_scan(request)) return;
    request.dedup_key += "/" + std::to_string(rng_.next());
    request.id = uuid_v5(kTaskNamespace, request.dedup_key);
  }
};

/// Says that a marker was written, and has not.
class ForgetsMarkers final : public ObjectStore {
 public:
  explicit ForgetsMarkers(ObjectStore& inner) : inner_(inner) {}
  ObjectStoreCaps caps() const override { return inner_.caps(); }
  std::string url() const override { return inner_.url(); }
  Result<ListPage> list(const ListParams& params) override { return inner_.list(params); }
  Result<std::string> get(const std::string& key) override { return inner_.get(key); }
  Status put(const std::string& key, std::string_view body) override {
    return inner_.put(key, body);
  }
  Status put_if_absent(const std::string& key, std::string_view /*body*/) override {
    return key.starts_with(kMarkerPrefix) ? Status() : inner_.put_if_absent(key, "");
  }
  Status remove(const std::string& key) override { return inner_.remove(key); }

 private:
  ObjectStore& inner_;
};

}  // namespace

std::vector<Plant> service_plants() {
  return {
      {.name = "ScannerWritesTheMarkerBeforeTheTaskIsInserted",
       .caught_by = Invariant::batches_once,
       .controller_ledger = wrong_ledger<GoesOnBeforeInserting<is_of_scan>>()},
      {.name = "ScannerForgetsWhatItHasScheduled",
       .caught_by = Invariant::batches_once,
       .controller_ledger = wrong_ledger<SchedulesBatchesAgain>()},
      {.name = "BucketForgetsMarkers",
       .caught_by = Invariant::batches_once,
       .controller_bucket = [](ObjectStore& inner, Rng) -> std::unique_ptr<ObjectStore> {
         return std::make_unique<ForgetsMarkers>(inner);
       }},
      {.name = "SchedulerFiresByWallTime",
       .caught_by = Invariant::fires_once,
       .controller_ledger = wrong_ledger<FiresByWallTime>()},
      {.name = "SchedulerSettlesBeforeItInserts",
       .caught_by = Invariant::fires_once,
       .controller_ledger = wrong_ledger<GoesOnBeforeInserting<is_of_schedule>>()},
      {.name = "SchedulerFiresAgainAfterALostReply",
       .caught_by = Invariant::fires_once,
       .controller_ledger = wrong_ledger<FiresAgain>()},
  };
}

std::vector<Plant> plants() {
  std::vector<Plant> all;
  for (const auto& some : {lease_plants(), change_plants(), insert_plants(), service_plants()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace waybill::sim
