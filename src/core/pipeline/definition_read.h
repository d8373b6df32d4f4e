#pragma once

#include <vector>

#include "core/definition_read.h"
#include "core/pipeline/definition.h"

namespace waybill::pipeline {

/// One pipeline of a definitions file. What is wrong beyond the schema, and can be told from this
/// pipeline alone, is added to `violations`: needs, cycles, expressions, matrices.
PipelineDefinition read_pipeline(const Entry& entry, std::vector<SchemaViolation>& violations);

}  // namespace waybill::pipeline
