#pragma once

#include <vector>

#include "core/json_schema.h"
#include "core/pipeline/definition.h"

namespace waybill::pipeline {

/// What can be told of a pipeline alone: names, needs and their cycles, matrices, fields that a
/// step of its kind can't have, and all that its expressions read. Pointers start at the pipeline.
void check_pipeline(const PipelineDefinition& pipeline, std::vector<SchemaViolation>& violations);

/// What is wrong with one of several pipelines; the pointer starts at that pipeline.
struct PipelineViolation {
  std::string pipeline;
  SchemaViolation violation;
};

/// What can be told only beside the others: tasks and pipelines that are not there, params without
/// expressions that they don't take, pipelines that lead into themselves, nesting, and how many
/// instances a run would have at least.
std::vector<PipelineViolation> check_references(const Pipelines& pipelines,
                                                const TaskDefinitions& tasks);

/// Where the names of an expression are checked.
enum class Field : std::uint8_t { condition, expansion, with, outputs, pipeline_outputs };

/// For each step, which others are in its needs, theirs, and so on.
class NeedsClosure {
 public:
  /// The needs are all there and go in no circle.
  explicit NeedsClosure(const PipelineDefinition& pipeline);
  bool contains(std::size_t step, std::size_t need) const {
    return (rows_[step][need / 64] >> (need % 64) & 1U) != 0;
  }

 private:
  std::vector<std::vector<std::uint64_t>> rows_;
};

/// The steps in an order in which each comes after its needs; shorter than all of them if some go
/// in circles. Unknown needs are passed over.
std::vector<std::size_t> in_order(const PipelineDefinition& pipeline);

/// Checks all expressions of a pipeline: that they can be parsed, and what they read.
void check_expressions(const PipelineDefinition& pipeline, const NeedsClosure& closure,
                       std::vector<SchemaViolation>& violations);

}  // namespace waybill::pipeline
