#include "kinds/command/container.h"

#include <sys/wait.h>

#include <string>
#include <system_error>
#include <utility>

#include "core/size.h"
#include "kinds/command/container_group.h"
#include "kinds/command/environment.h"
#include "kinds/command/input_files.h"
#include "kinds/command/run_steps.h"

namespace waybill {
namespace {

/// Where it is given files, below its scratch directory; `inputs` below kContainerGiven inside.
constexpr const char* kGivenInputs = "given/inputs";

outcome::Failed failed_container(FailureClass failure_class, std::string error) {
  return {.failure_class = failure_class, .error = std::move(error)};
}

std::string container_summary(const RunRecord& record) {
  return "[" + describe_end(record) + ", user " + format_duration(record.user_time) + ", system " +
         format_duration(record.system_time) + ", largest process " +
         format_size(record.memory_peak_bytes) + "]\n";
}

/// The record of the program in place of the runtime's.
void tell_of_program(const WaybillBox& box, RunRecord& record) {
  if (box.state != kWaybillBoxEnded) return;
  record.wait_status = box.value;
  record.user_time = Duration(box.user_micros);
  record.system_time = Duration(box.system_micros);
  record.memory_peak_bytes = box.memory_peak_bytes;
  record.memory_is_guarded = true;
  record.memory_limit_hit = box.memory_kills > 0;
}

outcome::Failed never_started(std::string_view engine, const ContainerSpec& spec,
                              const std::string& complaint) {
  std::string error = std::string(engine) + " did not start the container: " + complaint;
  const bool no_image = complaint.find("image not known") != complaint.npos ||
                        complaint.find("no such image") != complaint.npos;
  if (no_image && spec.pull == "never") {
    error += "; bring the image to the worker's machine (`podman pull " + spec.image +
             "`), or say `pull: missing`";
  }
  return failed_container(FailureClass::transient, std::move(error));
}

Outcome judge_container(std::string_view engine, const ContainerEngine::Run& run,
                        const ContainerSpec& spec) {
  const RunRecord& record = run.record;
  if (record.start_errno != 0) {
    const std::string why = std::generic_category().message(record.start_errno);
    return failed_container(FailureClass::transient,
                            record.start_stage == kWaybillStageMount
                                ? "cannot mount the scratch directory of the container: " + why
                                : "cannot run " + std::string(engine) + ": " + why);
  }
  const bool ended_by_us = record.stopped && record.requested_at != Time{};
  if (record.reaped_at == Time{} || ended_by_us || run.box.state == kWaybillBoxEnded) {
    return judge(record, spec.program, run.result);
  }
  switch (run.box.state) {
    case kWaybillBoxNew:
      return never_started(engine, spec, run.complaint);
    case kWaybillBoxNoExec:
      return failed_container(
          FailureClass::permanent,
          "cannot run the program in the image: " + std::generic_category().message(run.box.value) +
              "; check the command, and that the image is of this machine's architecture");
    default:
      return failed_container(FailureClass::transient,
                              "the container was killed before its program had ended");
  }
}

/// Where the worker finds what the program put below its places.
std::vector<ReportedArtifact> seen_from_outside(std::vector<ReportedArtifact> reported,
                                                const RunPlaces& places) {
  const auto move = [](std::string& path, std::string_view from, const std::string& to) {
    if (!path.starts_with(from) || !path.substr(from.size()).starts_with('/')) return false;
    path.replace(0, from.size(), to);
    return true;
  };
  for (ReportedArtifact& artifact : reported) {
    if (move(artifact.path, kContainerScratch, places.scratch)) continue;
    move(artifact.path, kContainerArtifacts, places.artifacts);
  }
  return reported;
}

/// Nothing of the worker's machine, but where things are in the container.
Environment container_environment() { return {{"HOME", kContainerScratch}, {"LANG", "C.UTF-8"}}; }

}  // namespace

Status ContainerKind::check(const TaskRequest& request) const {
  const auto spec = parse_container_spec(request.spec);
  if (!spec) return fail(spec.error());
  return {};
}

Outcome ContainerKind::run(const Task& task, TaskContext& context) {
  auto spec = parse_container_spec(task.request.spec);
  if (!spec) return failed_run(FailureClass::permanent, spec.error());
  if (engine_ == nullptr) {
    return failed_container(FailureClass::transient,
                            "this worker runs no containers; start it with --containers");
  }
  if (const Status given = give_secrets(spec->program, context); !given) {
    return without_secrets(given.error(), context);
  }
  return run_container(*engine_, *spec, task, context);
}

Outcome run_container(ContainerEngine& engine, const ContainerSpec& spec, const Task& task,
                      TaskContext& context, const ContainerExtras& extras) {
  const std::string given = context.scratch_directory() + "/given";
  if (const Status made = make_open_directory(given); !made) {
    return failed_run(FailureClass::transient, made.error());
  }
  if (const Status laid = lay_inputs(spec.program, kGivenInputs, InputReaders::all, context);
      !laid) {
    return without_inputs(laid.error(), context);
  }
  const RunPlaces inside{.scratch = kContainerScratch, .artifacts = kContainerArtifacts};
  auto environment =
      make_environment(container_environment(), {.spec = spec.program,
                                                 .task = task,
                                                 .places = inside,
                                                 .checkpoint = context.last_checkpoint(),
                                                 .long_values = given,
                                                 .long_values_seen_as = kContainerGiven,
                                                 .inputs = std::string(kContainerGiven) + "/inputs",
                                                 .long_values_owner = spec.user});
  if (!environment) return failed_run(FailureClass::transient, environment.error());
  auto run = engine.run({.spec = spec,
                         .name = container_name(to_string(task.id()), task.status.fence),
                         .task = to_string(task.id()),
                         .had_earlier = task.status.fence > 1,
                         .environment = std::move(*environment),
                         .directory = context.scratch_directory(),
                         .application = extras.application,
                         .disk = extras.disk,
                         .was_built = !extras.disk.empty()},
                        context);
  if (!run && run.error().code == Code::cancelled && context.stop().stop_requested()) {
    return outcome::Stopped{.proof = R"({"stopped_while":"preparing the image"})"};
  }
  if (!run) return failed_run(class_of(run.error()), run.error());
  tell_of_program(run->box, run->record);
  if (run->record.reaped_at != Time{} && run->box.state == kWaybillBoxEnded) {
    context.log(LogStream::system, container_summary(run->record));
  }
  Outcome judged = judge_container(engine.name(), *run, spec);
  if (!std::holds_alternative<outcome::Succeeded>(judged)) return judged;
  const std::string outside = "/proc/self/fd/" + std::to_string(run->scratch.get());
  const RunPlaces places{.scratch = outside + "/scratch", .artifacts = outside + "/artifacts"};
  const auto reported = seen_from_outside(std::move(run->artifacts), places);
  return keep_artifacts({.places = places,
                         .reported = reported,
                         .bytes_max = spec.program.limits.artifact_bytes,
                         .record = run->record,
                         .result = std::move(run->result)},
                        context);
}

}  // namespace waybill
