#pragma once

#include <vector>

#include "apps/waybill/runtime/definition_sources.h"
#include "apps/waybill/runtime/definitions_apply.h"
#include "core/config.h"
#include "core/source_state.h"

namespace waybill::cli {

/// Where the definitions of a process are read. Of sources those of which it is known what they
/// define: what one holds that was never reached is not gone.
AppliedFrom applied_from(const Config& config, const DefinitionSources& sources,
                         const std::vector<SourceState>& states);

/// Puts what is of a source to the problems of its state.
void add_problems(const std::vector<TakenName>& taken, std::vector<SourceState>& states);

}  // namespace waybill::cli
