#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/definition.h"
#include "ports/registry.h"

namespace waybill::cli {

/// Where definitions are read, so that what stood there once can be told from what others made.
struct AppliedFrom {
  std::string directory;                  ///< --definitions; may be empty
  std::vector<std::string> repositories;  ///< those of --definitions-from, now and before
};

/// Makes the registry say what the definitions say: queues (a pause by a person stays), schedules
/// (new ones owe nothing of the past), and takes out schedules that once were defined there and are
/// no more. Safe to repeat.
Status apply_definitions(const Definitions& definitions, const AppliedFrom& from,
                         Registry& registry, Time now);

}  // namespace waybill::cli
