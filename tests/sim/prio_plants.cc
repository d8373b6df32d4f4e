// Mistakes of the planner of Prio: it works by another definition, or its messages are wrong.

#include <algorithm>

#include "core/prio/message.h"
#include "tests/sim/forwarding_bucket.h"
#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

bool is_aggregate(const TaskRequest& request) { return request.definition == "aggregate"; }

std::function<void(ScanDefinition&)> with(void (*twist)(PrioScan&)) {
  return [twist](ScanDefinition& scan) {
    if (auto* prio = std::get_if<PrioScan>(&scan.planner)) twist(*prio);
  };
}

template <void (*kTwist)(prio::IntakeMessage&)>
class TwistedIntakes final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (request.definition != "intake") return;
    auto message = prio::decode_intake(request.params);
    if (!message) return;
    kTwist(*message);
    request.params = prio::encode(*message);
  }
};

/// `latest` is the batch that was taken in last, whether validated by the peer or not.
template <void (*kTwist)(prio::AggregateMessage&, const prio::AggregatedBatch& latest)>
class TwistedAggregates final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (request.definition == "intake") {
      const auto message = prio::decode_intake(request.params);
      if (message) latest_ = {.id = message->batch_id, .time = message->date};
    }
    if (request.definition != "aggregate") return;
    auto message = prio::decode_aggregate(request.params);
    if (!message) return;
    kTwist(*message, latest_);
    request.params = prio::encode(*message);
  }

 private:
  prio::AggregatedBatch latest_;
};

using Aggregate = prio::AggregateMessage;
using Member = prio::AggregatedBatch;

void take_for_next_minute(prio::IntakeMessage& message) { message.date += 1min; }
void take_for_unknown(prio::IntakeMessage& message) { message.batch_id += "?"; }
void lengthen(Aggregate& message, const Member&) { message.end += 1min; }
void add_unknown(Aggregate& message, const Member&) {
  message.batches.push_back({.id = "?", .time = message.begin});
}
void add_again(Aggregate& message, const Member&) { message.batches.push_back(message.batches[0]); }
void add_of_another_window(Aggregate& message, const Member& latest) {
  if (latest.time >= message.end) message.batches.push_back(latest);
}
void add_latest_of_window(Aggregate& message, const Member& latest) {
  const bool inside = latest.time >= message.begin && latest.time < message.end;
  if (inside && std::ranges::find(message.batches, latest) == message.batches.end()) {
    message.batches.push_back(latest);
  }
}
void leave_out(Aggregate& message, const Member&) {
  if (message.batches.size() > 1) message.batches.pop_back();
}

}  // namespace

std::vector<Plant> prio_plants() {
  std::vector<Plant> all = {
      {.name = "PrioForgetsTheAgeOfIntakes",
       .says = "an intake of a batch outside the window",
       .scan = with([](PrioScan& scan) { scan.intake_max_age = 24h; })},
      {.name = "PrioTakesTooYoungAnAge",
       .says = "no intake of batch",
       .scan = with([](PrioScan& scan) { scan.intake_max_age = 1min; })},
      {.name = "PrioForgetsTheGracePeriod",
       .says = "did not wait for its grace period",
       .scan = with([](PrioScan& scan) { scan.grace_period = 0s; })},
      {.name = "PrioForgetsToCatchUp",
       .says = "is not aggregated",
       .scan = with([](PrioScan& scan) { scan.catch_up = 0s; })},
      {.name = "PrioNamesAnotherMinute",
       .says = "an intake that names",
       .controller_ledger = wrong_ledger<TwistedIntakes<take_for_next_minute>>()},
      {.name = "PrioTakesInAnUnknownBatch",
       .says = "an intake of no batch",
       .controller_ledger = wrong_ledger<TwistedIntakes<take_for_unknown>>()},
      {.name = "PrioTakesAPartForABatch",
       .says = "an intake of an incomplete batch",
       .controller_bucket = wrong_bucket<SeesWhatIsMissing>("ingestion")},
      {.name = "PrioAggregatesAgain",
       .says = "is there twice",
       .controller_ledger = wrong_ledger<AsksAgain<is_aggregate>>()},
      {.name = "PrioAggregatesAnotherWindow",
       .says = "is of no window",
       .controller_ledger = wrong_ledger<TwistedAggregates<lengthen>>()},
      {.name = "PrioAddsUpAnUnknownBatch",
       .says = "has a batch that nobody has seen",
       .controller_ledger = wrong_ledger<TwistedAggregates<add_unknown>>()},
      {.name = "PrioAddsUpABatchTwice",
       .says = "adds a batch up again",
       .controller_ledger = wrong_ledger<TwistedAggregates<add_again>>()},
      {.name = "PrioAddsUpABatchOfAnotherWindow",
       .says = "has a batch of another time",
       .controller_ledger = wrong_ledger<TwistedAggregates<add_of_another_window>>()},
      {.name = "PrioAddsUpWhatThePeerHasNotValidated",
       .says = "has a batch that the peer has not validated",
       .controller_ledger = wrong_ledger<TwistedAggregates<add_latest_of_window>>()},
      {.name = "PrioLeavesABatchOut",
       .says = " misses ",
       .controller_ledger = wrong_ledger<TwistedAggregates<leave_out>>()},
  };
  for (Plant& plant : all) plant.caught_by = Invariant::batches_once;
  return all;
}

}  // namespace waybill::sim
