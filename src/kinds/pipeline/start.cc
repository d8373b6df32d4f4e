#include "kinds/pipeline/start.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {
namespace {

/// Whether the same start may be taken later.
bool may_be_taken_later(Code code) {
  return code != Code::invalid_argument && code != Code::not_found &&
         code != Code::already_exists && code != Code::out_of_range;
}

}  // namespace

Status PipelineStartKind::check(const TaskRequest& request) const {
  const auto spec = pipeline::read_start_spec(request.spec);
  return spec ? Status() : Status(fail(spec.error()));
}

Outcome PipelineStartKind::run(const Task& task, TaskContext& context) {
  if (!start_) {
    return outcome::Failed{.failure_class = FailureClass::permanent,
                           .error = "runs are started by `waybill up` and `waybill serve`"};
  }
  const auto spec = pipeline::read_start_spec(task.request.spec);
  if (!spec) {
    return outcome::Failed{.failure_class = FailureClass::permanent, .error = spec.error().message};
  }
  const Uuid run = pipeline::run_of_start(task.id());
  const Status started = start_({.run = run,
                                 .spec = *spec,
                                 .params = task.request.params,
                                 .created_by = task.request.created_by});
  if (!started) {
    const bool later = may_be_taken_later(started.error().code);
    return outcome::Failed{
        .failure_class = later ? FailureClass::transient : FailureClass::permanent,
        .error = started.error().message};
  }
  context.log(LogStream::system, "[started run " + to_string(run) + "]\n");
  return outcome::Succeeded{.result = json::serialize(boost::json::object{
                                {"run", to_string(run)}, {"pipeline", spec->pipeline}})};
}

}  // namespace waybill
