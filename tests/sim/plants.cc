#include "tests/sim/mutants.h"

namespace waybill::sim {

std::vector<Plant> plants() {
  std::vector<Plant> all;
  for (const auto& some : {lease_plants(), early_end_plants(), attempt_plants(), change_plants(),
                           amend_plants(), dependency_plants(), insert_plants(), content_plants(),
                           order_plants(), removal_plants(), reader_plants(), scan_plants(),
                           batch_plants(), prio_plants(), schedule_plants(), import_plants()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace waybill::sim
