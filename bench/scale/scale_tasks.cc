#include "bench/scale/scale_tasks.h"

#include <random>

#include "base/rng.h"
#include "base/uuid.h"

namespace waybill::bench {

std::vector<std::vector<TaskRequest>> scale_tasks(const ScaleOptions& options, Clock& clock) {
  Rng rng(std::random_device{}());  // runs follow each other on one ledger
  UuidMaker ids(rng);
  std::vector<std::vector<TaskRequest>> shares(options.callers);
  const std::size_t each = options.tasks / options.callers;
  for (auto& share : shares) {
    share.resize(each);
    for (TaskRequest& request : share) {
      request.id = ids.next(clock.now());
      request.kind = "noop";
      request.definition = "noop";
      request.created_by = "bench";
      request.params = R"({"url":"https://example.org/)" + std::string(260, 'x') + R"(","n":)" +
                       std::to_string(rng.below(1'000'000'000)) + "}";
    }
  }
  return shares;
}

}  // namespace waybill::bench
