#pragma once

#include <vector>

#include "tests/sim/plant.h"

namespace waybill::sim {

/// The mistakes that the simulator is seen to find, each with the invariant that it breaks.
std::vector<Plant> plants();

/// Parts of them, by what they get wrong.
std::vector<Plant> lease_plants();
std::vector<Plant> early_end_plants();
std::vector<Plant> change_plants();
std::vector<Plant> amend_plants();
std::vector<Plant> attempt_plants();
std::vector<Plant> dependency_plants();
std::vector<Plant> content_plants();
std::vector<Plant> order_plants();
std::vector<Plant> insert_plants();
std::vector<Plant> removal_plants();
std::vector<Plant> reader_plants();
std::vector<Plant> scan_plants();
std::vector<Plant> batch_plants();
std::vector<Plant> prio_plants();
std::vector<Plant> schedule_plants();
std::vector<Plant> import_plants();

}  // namespace waybill::sim
