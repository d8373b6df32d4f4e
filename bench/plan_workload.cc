#include "bench/plan_workload.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

#include "base/check.h"
#include "core/prio/object_name.h"

namespace waybill::bench {
namespace {

constexpr std::uint64_t kMinutes = 360;
constexpr std::array<std::string_view, 3> kSuffixes = {".batch", ".batch.avro", ".batch.sig"};

/// An order of 0..count-1 that has nothing to do with theirs: steps of a number prime to count.
std::uint64_t mixed(std::uint64_t index, std::uint64_t count) {
  std::uint64_t step = 0x9e3779b97f4a7c15ULL % count;
  const auto common = [](std::uint64_t a, std::uint64_t b) {
    while (b != 0) {
      const std::uint64_t rest = a % b;
      a = b;
      b = rest;
    }
    return a;
  };
  while (common(step, count) != 1) ++step;
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(index) * step % count);
}

double peak_resident_mb() {
  rusage usage{};
  WAYBILL_CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "a process can ask for its own use");
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

Time PlanWorkload::now() const { return std::chrono::sys_days(std::chrono::year(2026) / 11 / 22); }

ScanDefinition PlanWorkload::scan() const {
  return {.name = "plan",
          .planner = PrioScan{.ingestion_url = "memory:ingestion",
                              .own_url = "memory:own",
                              .peer_url = "memory:peer",
                              .intake_max_age = std::chrono::minutes(kMinutes),
                              .intake_task = "intake",
                              .aggregate_task = "aggregate"}};
}

std::string PlanWorkload::key(std::uint64_t index, KeyOrder order) const {
  const std::uint64_t objects = batches_ * kSuffixes.size();
  if (order == KeyOrder::shuffled) index = mixed(index, objects);
  const std::uint64_t batch = index / kSuffixes.size();
  const std::uint64_t minute = batch * kMinutes / batches_;
  // The batch's number leads, so that keys in this order are in byte order.
  char id[40];
  const int size = std::snprintf(
      id, sizeof id, "%08llx-b1a2-5c3d-8e4f-%012llx", static_cast<unsigned long long>(batch),
      static_cast<unsigned long long>(batch * 2654435761U % (1ULL << 48)));
  std::string key = "kittens-seen/";
  prio::append_minute(key, now() - std::chrono::minutes(kMinutes - minute), '/');
  key += '/';
  key.append(id, static_cast<std::size_t>(size));
  key += kSuffixes[index % kSuffixes.size()];
  return key;
}

PlanFigures measure_plan(const PlanWorkload& workload, KeyOrder order) {
  using Clock = std::chrono::steady_clock;
  constexpr std::uint64_t kChunk = 10'000;
  const auto planner = make_planner(workload.scan(), workload.now());
  planner->prefix(planner->listings().at(0), "kittens-seen/");
  const ScanListing* ingestion = nullptr;
  const std::vector<ScanListing> listings = planner->listings();
  for (const ScanListing& listing : listings) {
    if (listing.source == "ingestion") ingestion = &listing;
  }
  WAYBILL_CHECK(ingestion != nullptr, "a Prio scan lists its ingestion bucket");

  const std::uint64_t objects = workload.batches() * kSuffixes.size();
  Clock::duration spent{};
  std::vector<std::string> keys;
  for (std::uint64_t begin = 0; begin < objects; begin += kChunk) {
    keys.clear();
    for (std::uint64_t i = begin; i < std::min(begin + kChunk, objects); ++i) {
      keys.push_back(workload.key(i, order));
    }
    const auto start = Clock::now();
    for (const std::string& key : keys) planner->object(*ingestion, key, {});
    spent += Clock::now() - start;
  }
  const auto start = Clock::now();
  const Plan plan = planner->finish();
  spent += Clock::now() - start;
  return {.seconds = std::chrono::duration<double>(spent).count(),
          .peak_mb = peak_resident_mb(),
          .tasks = plan.tasks.size()};
}

}  // namespace waybill::bench
