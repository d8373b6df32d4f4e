#include "apps/waybill/workflow_manager/workflow_manager.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "adapters/file/object_key.h"
#include "adapters/local/system_clock.h"
#include "adapters/yaml/yaml.h"
#include "apps/waybill/cli/output.h"
#include "apps/waybill/cli/progress_bar.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/runtime/late_stop.h"
#include "apps/waybill/signals.h"
#include "apps/waybill/workflow_manager/backends.h"
#include "apps/waybill/workflow_manager/lock_holder.h"
#include "apps/waybill/workflow_manager/plan_view.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "services/publish_metrics.h"
#include "services/publish_pass.h"

namespace waybill::cli {
namespace {

using prio::WorkflowOptions;
using prio::WorkflowValues;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kUnavailable = 69;
// How long after SIGTERM, where a server does not answer.
constexpr Duration kWritesGrace = std::chrono::seconds(5);
constexpr Duration kLockGrace = std::chrono::seconds(7);

void configure_log(const std::string& name) {
  log::Level level = log::Level::info;
  if (name == "debug") level = log::Level::debug;
  if (name == "warn") level = log::Level::warn;
  if (name == "error") level = log::Level::error;
  if (name == "off") level = log::Level::off;
  log::configure(level, ::isatty(STDERR_FILENO) == 1 ? log::Format::human : log::Format::severity);
}

std::string joined(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) text += (text.empty() ? "" : ", ") + argument;
  return text;
}

int broken_stdout(Output& output) {
  output.error({.code = Code::unavailable,
                .message = "writing to stdout failed: what it got is not complete"});
  return kUnavailable;
}

/// One run of the program, after its command line was read.
class Run {
 public:
  Run(WorkflowValues values, Variables environment)
      : values_(std::move(values)),
        began_(clock_.steady_now()),
        backends_(clock_, std::move(environment),
                  {.reads = signals_.token(),
                   .writes = writes_end_.token(),
                   .lock = lock_ends_.token()}) {}

  int run();

 private:
  int run(const WorkflowOptions& options);
  Result<PublishReport> pass(const WorkflowOptions& options);
  void look_for_topics(const prio::WorkflowQueue& queue);
  PublishOptions publish_options(const WorkflowOptions& options);
  int end(const WorkflowOptions& options, std::optional<PublishReport> report);
  int fatal(const std::string& message);
  void push(const std::optional<PublishReport>& report, RunEnd::Verdict verdict);

  const Signals signals_;  // before any other thread
  SystemClock clock_;
  const LateStop writes_end_{signals_.token(), kWritesGrace, clock_};
  const LateStop lock_ends_{signals_.token(), kLockGrace, clock_};
  const WorkflowValues values_;
  const SteadyTime began_;
  Output output_{detect_output_mode()};
  Backends backends_;
  bool topics_missing_ = false;  // as a dry run sees
};

int Run::run() {
  const auto options = prio::workflow_options(values_);
  if (options) return run(*options);
  if (options.error().code == Code::failed_precondition) return fatal(options.error().message);
  output_.error(options.error());
  return kUsage;
}

int Run::run(const WorkflowOptions& options) {
  Result<PublishReport> report = pass(options);
  output_.end_progress();
  if (report) return end(options, std::move(*report));
  if (options.mode == prio::WorkflowMode::dry_run) {
    log::write(log::Level::fatal, "failed", report.error().message);
    return kFailed;
  }
  return fatal(report.error().message);
}

Result<PublishReport> Run::pass(const WorkflowOptions& options) {
  PublishOptions publish = publish_options(options);
  const auto ingestion = backends_.bucket(options.ingestion);
  if (!ingestion) return fail(ingestion.error());
  const bool dry_run = options.mode == prio::WorkflowMode::dry_run;
  const std::string probe = std::string(kMarkerPrefix) + "probe-" + publish.lock.token;
  MarkerBucket own;
  if (dry_run) {
    auto read = backends_.bucket(options.own);
    if (!read) return fail(read.error());
    own.markers = std::move(*read);
  } else {
    auto written = backends_.marker_bucket(options.own, probe);
    if (!written) return fail(written.error());
    own = std::move(*written);
  }
  const auto peer = backends_.bucket(options.peer);
  if (!peer) return fail(peer.error());
  PublishPorts ports{.ingestion = **ingestion,
                     .own = *own.markers,
                     .peer = **peer,
                     .clock = clock_,
                     .lock = own.lock.get()};
  if (dry_run) {
    const auto limit = backends_.body_bytes_max(options.queue, options.queue.aggregate_topic);
    if (!limit) return fail(limit.error());
    publish.scan.aggregate_bytes_max = *limit;
    look_for_topics(options.queue);
    return run_publish_pass(ports, publish);
  }
  const auto intake = backends_.queue(options.queue, options.queue.intake_topic);
  if (!intake) return fail(with_context(intake.error(), "--intake-tasks-topic"));
  const auto aggregate = backends_.queue(options.queue, options.queue.aggregate_topic);
  if (!aggregate) return fail(with_context(aggregate.error(), "--aggregate-tasks-topic"));
  ports.intake = intake->get();
  ports.aggregate = aggregate->get();
  publish.scan.aggregate_bytes_max = (*aggregate)->caps().body_bytes_max;
  auto report = run_publish_pass(ports, publish);
  if (report) report->tally.duplicates_avoided += backends_.duplicates();  // queues live until here
  return report;
}

void Run::look_for_topics(const prio::WorkflowQueue& queue) {
  for (const std::string& topic : std::set{queue.intake_topic, queue.aggregate_topic}) {
    const Status there = backends_.check_topic(queue, topic);
    if (there) continue;
    topics_missing_ = true;
    log::error("topic_missing",
               "this topic does not exist, and a run would fail: correct or create it",
               {{"topic", topic}, {"error", there.error().message}});
  }
}

PublishOptions Run::publish_options(const WorkflowOptions& options) {
  PublishOptions publish;
  publish.scan = options.scan;
  if (options.own.url.scheme == BucketScheme::file) publish.marker_bytes_max = kNameBytesMaxOnDisk;
  if (options.mode == prio::WorkflowMode::dry_run) publish.mode = PublishMode::dry_run;
  publish.now = options.now;
  publish.workers = options.enqueue_workers;
  Rng rng(Rng::system_seed());
  UuidMaker ids(rng);
  publish.lock = {
      .holder = lock_holder(), .token = to_string(ids.next(clock_.now())), .is_gone = is_gone};
  publish.progress = [this](PublishPhase phase, std::int64_t done, std::int64_t total) {
    output_.progress("workflow-manager: " + progress_bar(done, total, to_string(phase)));
  };
  publish.stop = signals_.token();
  return publish;
}

int Run::end(const WorkflowOptions& options, std::optional<PublishReport> report) {
  if (options.mode == prio::WorkflowMode::dry_run) {
    const auto log_task = [](const PlannedTask& task) {
      log::info("dry_run", "dry run, not enqueuing task", {{"task", task.what}});
      log::info("dry_run", "dry run, skipping marker write", {{"marker", task.marker}});
    };
    if (options.output == prio::WorkflowOutput::json) {
      print_plan_as_json(output_, *report, log_task);
    } else {
      print_plan(output_, *report, log_task);
    }
    if (output_.broken()) return broken_stdout(output_);
    return report->complete() && !topics_missing_ ? kDone : kFailed;
  }
  if (report->locked_out()) {
    log::info("locked_out",
              "another scanner is at work here: nothing was done, and nothing is lost",
              {{"holder", report->rival}});
    return kDone;
  }
  const bool complete = report->complete();
  push(report, complete ? RunEnd::Verdict::success : RunEnd::Verdict::failure);
  if (complete) {
    log::info("done", "done");
    return kDone;
  }
  const PublishTally& tally = report->tally;
  const std::int64_t too_large = skipped_count(report->plan.counts, SkipReason::too_large);
  std::string message = "not everything could be scheduled; what is left is for the next run";
  if (too_large > 0) {
    message += ", but for " + std::to_string(too_large) +
               " too large for the queue, which no run schedules until that is changed: see above";
  }
  log::error("incomplete", message,
             {{"published", tally.published},
              {"too large", too_large},
              {"failed publishes", tally.publish_failed},
              {"failed markers", tally.marker_failed},
              {"left", tally.left},
              {"failed listings", report->list_errors.size()}});
  return kFailed;
}

int Run::fatal(const std::string& message) {
  log::write(log::Level::fatal, "failed", message);
  if (!go_boolean(values_.find("dry-run")->second)) push(std::nullopt, RunEnd::Verdict::failure);
  return kFailed;
}

void Run::push(const std::optional<PublishReport>& report, RunEnd::Verdict verdict) {
  const prio::PushTarget target = prio::push_target(values_);
  if (target.gateway.empty()) return;
  const RunEnd end{.verdict = verdict, .at = clock_.now(), .runtime = clock_.steady_now() - began_};
  auto samples = publish_metrics(report, end);
  samples.push_back(
      {"waybill_unreadable_directories", "", static_cast<double>(backends_.unreadable())});
  samples.push_back({"waybill_http_requests", "", static_cast<double>(backends_.requests())});
  const auto http = backends_.http();
  Status pushed = http ? push_metrics(**http, clock_, target, std::move(samples), verdict)
                       : Status(fail(http.error()));
  if (pushed) return;
  log::error("push_failed", "error occurred with pushing to prometheus",
             {{"error", pushed.error().message}});
}

/// The value of --config, which is needed before the others can be read.
std::string config_path(const std::vector<std::string>& arguments, const Variables& environment) {
  const auto parsed = parse_go_flags(prio::workflow_flags(), arguments);
  if (parsed && parsed->values.contains("config")) return parsed->values.find("config")->second;
  return variable_in(environment, "WAYBILL_CONFIG");
}

int refuse(const std::string& message) {
  const std::string text = message +
                           "\nUsage of waybill workflow-manager: flags and nothing else; "
                           "--help shows them\n";
  std::fputs(text.c_str(), stderr);
  return kUsage;
}

}  // namespace

int run_workflow_manager(const std::vector<std::string>& arguments) {
  const auto asked = parse_go_flags(prio::workflow_flags(), arguments);
  if (!asked) return refuse(asked.error().message);
  if (asked->help) {
    Output output(detect_output_mode());
    output.data(workflow_manager_help());
    return output.broken() ? broken_stdout(output) : kDone;
  }
  Variables environment = process_environment();
  prio::WorkflowSources sources{
      .arguments = arguments, .environment = environment, .file = nullptr};
  std::optional<yaml::Reading> file;
  if (const std::string path = config_path(arguments, environment); !path.empty()) {
    auto reading = yaml::read_file(path);
    if (!reading) return refuse(reading.error().message);
    if (!reading->problems.empty()) return refuse(to_string(reading->problems[0]));
    file = std::move(*reading);
    sources.file = &file->document;
  }
  auto values = prio::read_workflow_flags(sources);
  if (!values) return refuse(values.error().message);
  configure_log(values->find("log-level")->second);
  log::info(
      "starting",
      "starting waybill workflow-manager version " + std::string(WAYBILL_VERSION) + ". Args: [" +
          joined(arguments) + "]",
      {{"app", "workflow-manager"}, {"version", WAYBILL_VERSION}, {"Args", joined(arguments)}});
  return Run(std::move(*values), std::move(environment)).run();
}

}  // namespace waybill::cli
