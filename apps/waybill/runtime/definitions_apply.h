#pragma once

#include "base/result.h"
#include "core/definition.h"
#include "ports/registry.h"

namespace waybill::cli {

/// Makes the registry say what the definitions say: queues (a pause by a person stays), schedules
/// (new ones owe nothing of the past), and takes out schedules that once were defined in
/// `directory` and are no more. Safe to repeat.
Status apply_definitions(const Definitions& definitions, const std::string& directory,
                         Registry& registry, Time now);

}  // namespace waybill::cli
