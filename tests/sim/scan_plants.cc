// Mistakes of the scanner, whatever it scans for.

#include "core/scan_plan.h"
#include "tests/sim/forwarding_bucket.h"
#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

bool is_of_prio(const TaskRequest& request) { return request.created_by == "scan:prio"; }
bool is_of_batches(const TaskRequest& request) { return request.created_by == "scan:batches"; }

/// Inserts the tasks of a scan of batches only after their markers were written: with the next call
/// of any service of the process.
class InsertsAfterMarking final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    catch_up();
    if (requests.empty() || !is_of_batches(requests[0])) return inner_.insert(requests);
    late_.assign(requests.begin(), requests.end());
    std::vector<Inserted> answers;
    for (const TaskRequest& request : requests) answers.push_back({.id = request.id});
    return answers;
  }
  Result<Overdue> overdue(std::size_t limit) override {
    catch_up();
    return inner_.overdue(limit);
  }

 private:
  void catch_up() {
    if (!late_.empty() && inner_.insert(late_)) late_.clear();
  }

  std::vector<TaskRequest> late_;
};

/// Says that a marker was written, and has not.
class ForgetsMarkers final : public ForwardingBucket {
 public:
  using ForwardingBucket::ForwardingBucket;
  Status put_if_absent(const std::string& key, std::string_view body) override {
    return key.starts_with(kMarkerPrefix) ? Status() : inner_.put_if_absent(key, body);
  }
};

}  // namespace

std::vector<Plant> scan_plants() {
  std::vector<Plant> all = {
      {.name = "ScannerOfPrioMarksWhatItHasNotInserted",
       .says = "is written, but its task is not accepted",
       .controller_ledger = wrong_ledger<GoesOnBeforeInserting<is_of_prio>>()},
      {.name = "ScannerOfBatchesMarksWhatItHasNotInserted",
       .says = "is written, but its task is not accepted",
       .controller_ledger = wrong_ledger<GoesOnBeforeInserting<is_of_batches>>()},
      {.name = "ScannerOfBatchesInsertsAfterMarking",
       .says = "is written, but its task is not accepted",
       .controller_ledger = wrong_ledger<InsertsAfterMarking>()},
      {.name = "ScannerOfPrioForgetsWhatItHasScheduled",
       .says = "another intake of batch",
       .controller_ledger = wrong_ledger<AsksAgain<is_of_prio>>()},
      {.name = "ScannerOfBatchesForgetsWhatItHasScheduled",
       .says = "another task of batch",
       .controller_ledger = wrong_ledger<AsksAgain<is_of_batches>>()},
      {.name = "BucketForgetsMarkers",
       .says = "is there, but no marker",
       .controller_bucket = wrong_bucket<ForgetsMarkers>()},
  };
  for (Plant& plant : all) plant.caught_by = Invariant::batches_once;
  return all;
}

}  // namespace waybill::sim
