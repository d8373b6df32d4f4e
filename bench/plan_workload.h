#pragma once

#include <cstdint>
#include <string>

#include "core/definition.h"

namespace waybill::bench {

/// In which order a workload's keys come.
enum class KeyOrder : std::uint8_t { listed, shuffled };

/// A Prio drop of so many ingestion objects in one aggregation, three to a batch, spread over the
/// minutes of the intake window; the same for ever. Holds no keys: each is made when it is asked
/// for.
class PlanWorkload {
 public:
  explicit PlanWorkload(std::uint64_t objects) : batches_((objects + 2) / 3) {}

  ScanDefinition scan() const;
  Time now() const;
  std::uint64_t batches() const { return batches_; }
  /// The key of the `index`-th object, in byte order or in an order that mixes everything.
  std::string key(std::uint64_t index, KeyOrder order) const;

 private:
  std::uint64_t batches_;
};

struct PlanFigures {
  double seconds = 0;  ///< from the first key to the plan, without the making of keys
  double peak_mb = 0;  ///< most resident memory of the process so far
  std::size_t tasks = 0;
};

/// Plans the workload once.
PlanFigures measure_plan(const PlanWorkload& workload, KeyOrder order);

}  // namespace waybill::bench
