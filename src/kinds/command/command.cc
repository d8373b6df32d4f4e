#include "kinds/command/command.h"

#include <sys/resource.h>

#include <string>
#include <utility>
#include <vector>

#include "core/size.h"
#include "kinds/command/artifact_files.h"
#include "kinds/command/command_run.h"
#include "kinds/command/input_files.h"
#include "kinds/command/run_steps.h"
#include "kinds/command/supervisor_image.h"

namespace waybill {
namespace {

std::vector<std::string> supervisor_options(const CommandSpec& spec, const Cgroup& cgroup,
                                            const std::string& scratch) {
  std::vector<std::string> options = cgroup.supervisor_options();
  const auto limit = [&](int resource, std::int64_t soft, std::int64_t hard) {
    options.push_back("limit=" + std::to_string(resource) + ":" + std::to_string(soft) + ":" +
                      std::to_string(hard));
  };
  const CommandLimits& limits = spec.limits;
  // Not RLIMIT_AS: Go, Java and others reserve far more addresses than they use.
  if (limits.memory_bytes && !cgroup.guards_memory())
    limit(RLIMIT_DATA, *limits.memory_bytes, *limits.memory_bytes);
  if (limits.cpu) {
    // SIGXCPU, which says why, and SIGKILL for a program that ignores it.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*limits.cpu).count();
    limit(RLIMIT_CPU, seconds, seconds + 1);
  }
  if (limits.processes && !cgroup.guards_processes())
    limit(RLIMIT_NPROC, *limits.processes, *limits.processes);
  if (limits.open_files) limit(RLIMIT_NOFILE, *limits.open_files, *limits.open_files);
  limit(RLIMIT_CORE, 0, 0);
  options.push_back("directory=" +
                    (spec.working_directory.empty() ? scratch : spec.working_directory));
  return options;
}

std::string summary(const RunRecord& record) {
  std::string text = "[" + describe_end(record) + ", user " + format_duration(record.user_time) +
                     ", system " + format_duration(record.system_time) + ", largest process " +
                     format_size(record.memory_peak_bytes);
  if (record.left_behind > 0) {
    const std::string number = std::to_string(record.left_behind);
    text += ", ended " + number + (record.left_behind == 1 ? " process" : " processes") +
            " that it left behind";
  }
  return text + "]\n";
}

}  // namespace

Result<std::unique_ptr<CommandKind>> CommandKind::create(CommandOptions options, Clock& clock) {
  auto supervisor = open_supervisor();
  if (!supervisor) return fail(supervisor.error());
  return std::make_unique<CommandKind>(std::move(options), std::move(*supervisor), clock);
}

CommandKind::CommandKind(CommandOptions options, FileDescriptor supervisor, Clock& clock)
    : options_(std::move(options)),
      supervisor_(std::move(supervisor)),
      cgroups_(options_.cgroups == UseCgroups::never ? CgroupFactory() : CgroupFactory::detect()),
      clock_(clock) {}

Status CommandKind::check(const TaskRequest& request) const {
  const auto spec = parse_command_spec(request.spec);
  if (!spec) return fail(spec.error());
  return {};
}

Outcome CommandKind::run(const Task& task, TaskContext& context) {
  auto spec = parse_command_spec(task.request.spec);
  if (!spec) return failed_run(FailureClass::permanent, spec.error());
  if (const Status given = give_secrets(*spec, context); !given) {
    return without_secrets(given.error(), context);
  }
  const auto places = make_run_places(context.scratch_directory());
  if (!places) return failed_run(FailureClass::transient, places.error());
  if (const Status laid = lay_inputs(*spec, "work", InputReaders::own, context); !laid) {
    return without_inputs(laid.error(), context);
  }
  auto environment = make_environment(
      options_.environment,
      {.spec = *spec, .task = task, .places = *places, .checkpoint = context.last_checkpoint()});
  if (!environment) return failed_run(FailureClass::transient, environment.error());
  if (spec->working_directory.empty()) spec->working_directory = places->scratch;
  auto run = run_program(*spec, std::move(*environment), context);
  if (!run) return failed_run(FailureClass::transient, run.error());
  Outcome judged = judge(run->record, *spec, run->result);
  if (!std::holds_alternative<outcome::Succeeded>(judged)) return judged;
  return keep_artifacts({.places = *places,
                         .reported = run->artifacts,
                         .bytes_max = spec->limits.artifact_bytes,
                         .record = run->record,
                         .result = std::move(run->result)},
                        context);
}

Result<CommandKind::ProgramRun> CommandKind::run_program(const CommandSpec& spec,
                                                         std::vector<std::string> environment,
                                                         TaskContext& context) {
  const auto cgroup = cgroups_.make(spec.limits);
  if (!cgroup) return fail(cgroup.error());
  auto supervision = supervisor_options(spec, **cgroup, context.scratch_directory());
  if (options_.find_children == FindChildren::scanned) supervision.push_back("children=scan");
  auto process = SupervisedProcess::start(supervisor_, {.argv = spec.argv,
                                                        .environment = std::move(environment),
                                                        .options = std::move(supervision),
                                                        .standard_input = spec.standard_input});
  if (!process) return fail(process.error());
  CommandRun run(std::move(*process), spec, context, clock_);
  auto record = run.see_through();
  if (!record) return fail(record.error());
  record->memory_is_guarded = (*cgroup)->guards_memory();
  record->memory_limit_hit = (*cgroup)->memory_limit_hit();
  if (record->reaped_at != Time{}) {
    context.log(LogStream::system, summary(*record));
  } else if (record->started) {
    (*cgroup)->kill_and_wait();
  }
  return ProgramRun{.record = *record, .result = run.result(), .artifacts = run.artifacts()};
}

}  // namespace waybill
