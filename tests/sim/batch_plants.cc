// Mistakes of the planner of batches: it works by another definition, does not see what is there,
// or its tasks are wrong.

#include "tests/sim/forwarding_bucket.h"
#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

/// Takes the params of a task for those of another batch, or of the batch under other keys.
template <char kFrom, char kTo>
class MisnamesParams final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (request.created_by != "scan:batches") return;
    for (char& c : request.params) c = c == kFrom ? kTo : c;
  }
};

/// Does not say when an object changed.
class TellsNoTimes final : public ForwardingBucket {
 public:
  using ForwardingBucket::ForwardingBucket;
  Result<ListPage> list(const ListParams& params) override {
    auto page = inner_.list(params);
    if (!page) return page;
    for (ObjectInfo& object : page->objects) object.modified_at = Time{};
    return page;
  }
};

/// A scanner of batches that works by a definition with this twist.
std::function<void(ScanDefinition&)> with(void (*twist)(BatchScan&)) {
  return [twist](ScanDefinition& scan) {
    if (auto* batches = std::get_if<BatchScan>(&scan.planner)) twist(*batches);
  };
}

}  // namespace

std::vector<Plant> batch_plants() {
  std::vector<Plant> all = {
      {.name = "PlannerForgetsTheQuietTime",
       .says = "a task of a batch that was not quiet yet",
       .scan = with([](BatchScan& scan) { scan.quiet_time = 0s; })},
      {.name = "BucketTellsNoTimes",
       .says = "a task of a batch that was not quiet yet",
       .controller_bucket = wrong_bucket<TellsNoTimes>()},
      {.name = "PlannerTakesAPartForABatch",
       .says = "a task of an incomplete batch: north/",
       .controller_bucket = wrong_bucket<SeesWhatIsMissing>("north")},
      {.name = "PlannerForgetsTheWindow",
       .says = "a task of a batch outside the window",
       .scan = with([](BatchScan& scan) { scan.window = 0s; })},
      {.name = "PlannerTakesTooNarrowAWindow",
       .says = "no task of batch",
       .scan = with([](BatchScan& scan) { scan.window = 2min; })},
      {.name = "PlannerForgetsASource",
       .says = "no task of batch south/",
       .scan = with([](BatchScan& scan) { scan.sources.erase("south"); })},
      {.name = "PlannerNamesAnotherBatch",
       .says = "a task of no batch",
       .controller_ledger = wrong_ledger<MisnamesParams<'2', '3'>>()},
      {.name = "PlannerNamesOtherKeys",
       .says = "a task with other keys than the batch's",
       .controller_ledger = wrong_ledger<MisnamesParams<'/', '-'>>()},
  };
  for (Plant& plant : all) plant.caught_by = Invariant::batches_once;
  return all;
}

}  // namespace waybill::sim
