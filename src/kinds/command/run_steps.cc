#include "kinds/command/run_steps.h"

#include <utility>

#include "base/log.h"
#include "core/size.h"

namespace waybill {
namespace {

/// How soon a task is looked at again whose secrets this worker cannot read.
constexpr Duration kWithoutKeyDelay = std::chrono::seconds(30);

/// Why an attempt that would have succeeded does not: what it left cannot be found or kept.
enum class Stage : std::uint8_t { finding, keeping };
Outcome without_artifacts(const Error& error, Stage stage, const RunRecord& record) {
  if (error.code == Code::cancelled) return outcome::Stopped{.proof = proof_json(record)};
  const bool is_its_own = error.code == Code::invalid_argument ||
                          error.code == Code::out_of_range ||
                          (error.code == Code::permission_denied && stage == Stage::finding);
  return failed_run(is_its_own ? FailureClass::permanent : FailureClass::transient,
                    with_context(error, "its artifacts were not kept"));
}

}  // namespace

FailureClass class_of(const Error& error) {
  const bool for_good = error.code == Code::invalid_argument || error.code == Code::not_found ||
                        error.code == Code::resource_exhausted ||
                        error.code == Code::failed_precondition;
  return for_good ? FailureClass::permanent : FailureClass::transient;
}

outcome::Failed failed_run(FailureClass failure_class, const Error& error) {
  return {.failure_class = failure_class, .error = error.message};
}

Status give_secrets(CommandSpec& spec, TaskContext& context) {
  for (const auto& [variable, name] : spec.secrets) {
    auto value = context.secret(name);
    if (!value) return fail(with_context(value.error(), "the variable " + variable));
    spec.environment[variable] = std::move(*value);
  }
  return {};
}

Outcome without_secrets(const Error& error, TaskContext& context) {
  if (error.code == Code::not_found || error.code == Code::data_loss) {
    return failed_run(FailureClass::permanent, error);
  }
  const bool lacks = error.code == Code::failed_precondition || error.code == Code::unimplemented;
  if (!lacks) return failed_run(FailureClass::transient, error);
  context.log(LogStream::system, "[not started: " + error.message + "]\n");
  log::warn("secret_not_readable", error.message);
  return outcome::Snoozed{.delay = kWithoutKeyDelay};
}

Outcome keep_artifacts(KeepParams params, TaskContext& context) {
  const auto found = find_artifacts(params.places, params.reported, params.bytes_max);
  if (!found) return without_artifacts(found.error(), Stage::finding, params.record);
  for (const std::string& what : found->passed_over) {
    context.log(LogStream::system, "[no artifact: " + what + "]\n");
  }
  if (!found->files.empty()) {
    if (const Status kept = context.artifacts().keep(found->files); !kept) {
      return without_artifacts(kept.error(), Stage::keeping, params.record);
    }
    const std::string number = std::to_string(found->files.size());
    context.log(LogStream::system, "[kept " + number +
                                       (number == "1" ? " artifact, " : " artifacts, ") +
                                       format_size(found->size_bytes) + "]\n");
  }
  return outcome::Succeeded{.result = std::move(params.result)};
}

}  // namespace waybill
