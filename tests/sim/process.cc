#include "tests/sim/process.h"

#include <algorithm>

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Ledger> wrap(const Plant::WrapLedger& wrong, const Stores& stores, Rng& rng) {
  return wrong ? wrong(stores.ledger, stores.reader, rng.fork()) : nullptr;
}

}  // namespace

Process::Process(Params params, const Stores& stores, Rng rng)
    : params_(std::move(params)),
      stage_(stores.stage),
      rng_(rng),
      faults_(stores.stage, rng_.fork(), params_.rates),
      wrong_ledger_(wrap(params_.wrong_ledger, stores, rng_)),
      wrong_reader_(params_.wrong_reader ? params_.wrong_reader(stores.reader) : nullptr),
      ledger_(wrong_ledger_ ? *wrong_ledger_ : stores.ledger, faults_),
      reader_(wrong_reader_ ? *wrong_reader_ : stores.reader, faults_),
      dedup_keys_(stores.dedup_keys, faults_),
      registry_(stores.registry, faults_),
      hints_(stores.hints, faults_),
      orders_(stores.orders, faults_),
      refused_orders_(stores.refused_orders, faults_),
      buckets_(stores.buckets) {}

void Process::add(std::unique_ptr<Service> service, std::function<SteadyTime()> hurry) {
  Service& added = *service;
  services_.push_back(std::move(service));
  const auto act_in_time = [this, &added, hurry = std::move(hurry)] {
    const Duration wait = act(added);
    if (wait == Stage::kNever) return wait;
    return std::min(wait, std::max(Duration(0), hurry() - stage_.steady_now()));
  };
  actors_.push_back(
      stage_.enter(act_in_time, Duration(static_cast<Duration::rep>(rng_.below(2'000'000)))));
}

Duration Process::act(Service& service) {
  if (dead()) return Stage::kNever;
  const Result<Duration> wait = service.step({.at = stage_.steady_now()});
  if (dead()) return Stage::kNever;
  // As ServiceLoop does: a failed step is repeated after a while.
  return wait ? *wait : 100ms + Duration(static_cast<Duration::rep>(rng_.below(3'000'000)));
}

void Process::kill() {
  faults_.crash();
  for (const Stage::Actor actor : actors_) stage_.exit(actor);
}

void Process::suspend(SteadyTime until) {
  for (const Stage::Actor actor : actors_) stage_.suspend(actor, until);
}

Result<std::shared_ptr<ObjectStore>> Process::open_bucket(const std::string& url) {
  const auto found = buckets_.find(url);
  if (found == buckets_.end()) return fail(Code::invalid_argument, "no bucket " + url);
  if (!params_.wrong_bucket) {
    return std::shared_ptr<ObjectStore>(
        std::make_shared<FaultyObjectStore>(*found->second, faults_));
  }
  ObjectStore& wrong = keep(params_.wrong_bucket(*found->second, rng_.fork()));
  return std::shared_ptr<ObjectStore>(std::make_shared<FaultyObjectStore>(wrong, faults_));
}

}  // namespace waybill::sim
