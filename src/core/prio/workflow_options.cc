#include <algorithm>

#include "core/prio/object_name.h"
#include "core/prio/workflow_flags.h"
#include "core/suggest.h"

namespace waybill::prio {
namespace {

constexpr Duration kNoIntake = -std::chrono::hours(24);
constexpr std::int64_t kWorkersMax = 10'000;

tl::unexpected<Error> misuse(std::string_view flag, const std::string& why) {
  return fail(Code::invalid_argument, "--" + std::string(flag) + " " + why);
}

/// What workflow-manager ended on itself, with status 1 and a failure metric.
tl::unexpected<Error> fatal(std::string message) {
  return fail(Code::failed_precondition, std::move(message));
}

class Checker {
 public:
  explicit Checker(const WorkflowValues& values) : values_(values) {}

  Result<WorkflowOptions> check() {
    for (const auto step : {&Checker::read_times, &Checker::read_catch_up, &Checker::read_log_level,
                            &Checker::read_workers, &Checker::read_buckets, &Checker::read_override,
                            &Checker::read_queue, &Checker::read_scan}) {
      if (Status done = (this->*step)(); !done) return fail(done.error());
    }
    return std::move(options_);
  }

 private:
  const std::string& text(std::string_view flag) const { return values_.find(flag)->second; }
  bool is_set(std::string_view flag) const { return go_boolean(text(flag)); }
  Duration duration(std::string_view flag) const { return *parse_duration(text(flag)); }

  Status read_times();
  Status read_catch_up();
  Status read_log_level();
  Status read_workers();
  Status read_buckets();
  Status read_bucket(const std::string& name, WorkflowBucket& bucket);
  Status read_override();
  Status read_queue();
  Status check_amqp();
  Status read_scan();

  const WorkflowValues& values_;
  WorkflowOptions options_;
};

Status Checker::read_times() {
  PrioScan& scan = options_.scan;
  scan.side = is_set("is-first") ? PrioSide::first : PrioSide::second;
  scan.intake_max_age = duration("intake-max-age");
  scan.aggregation_period = duration("aggregation-period");
  scan.grace_period = duration("grace-period");
  const auto is_negative = [&](std::string_view flag) {  // less than half a microsecond is rounded
    return text(flag).starts_with('-') &&
           text(flag).find_first_of("123456789") != std::string::npos;
  };
  if (is_negative("intake-max-age") && scan.intake_max_age != kNoIntake) {
    return misuse("intake-max-age",
                  "is " + text("intake-max-age") +
                      ": batches of this moment would be too old, and never taken in; give 0s or "
                      "more, or -24h for a run that takes nothing in");
  }
  if (is_negative("grace-period")) {
    return misuse("grace-period", "is " + text("grace-period") +
                                      ": a window would be aggregated before it has ended, and "
                                      "what comes later lost; give 0s or more");
  }
  if (scan.aggregation_period <= Duration(0)) {
    return misuse("aggregation-period",
                  "is " + text("aggregation-period") +
                      ": no window has that length, and nothing would ever be aggregated; give a "
                      "length of whole minutes, such as 3h");
  }
  options_.mode = is_set("dry-run") ? WorkflowMode::dry_run : WorkflowMode::real;
  options_.output = is_set("json") ? WorkflowOutput::json : WorkflowOutput::table;
  if (text("now").empty()) return {};
  const auto now = parse_time(text("now"));
  if (!now) return misuse("now", "is no time: " + now.error().message);
  options_.now = *now;
  return {};
}

Status Checker::read_catch_up() {
  if (text("catch-up") == "auto") {
    options_.scan.catch_up_from = CatchUpFrom::first_marker;
    // Of very short windows as many are looked at, however long that is; a product of long ones
    // would overflow.
    constexpr int kShortWindowsMax = 900;
    const Duration period = options_.scan.aggregation_period;
    const bool are_short = period < kMarkerRetention / kShortWindowsMax;
    options_.scan.catch_up = are_short ? period * kShortWindowsMax : kMarkerRetention;
    return {};
  }
  const auto span = parse_duration(text("catch-up"));
  if (!span || *span < Duration(0)) {
    return misuse("catch-up", "is \"" + text("catch-up") +
                                  "\": give auto, or how long ago a window may have ended: 24h, "
                                  "or 0s for none but the latest");
  }
  options_.scan.catch_up = *span;
  return {};
}

Status Checker::read_log_level() {
  static const std::vector<std::string> kLevels = {"debug", "info", "warn", "error", "off"};
  const std::string& level = text("log-level");
  if (std::find(kLevels.begin(), kLevels.end(), level) != kLevels.end()) return {};
  return misuse("log-level", "is \"" + level + "\"; it takes debug, info, warn, error or off" +
                                 did_you_mean(level, kLevels));
}

Status Checker::read_workers() {
  const std::int64_t workers = *go_integer(text("max-enqueue-workers"));
  // workflow-manager never looked at it with SNS, so what is deployed there may hold a zero.
  if (workers == 0 && text("task-queue-kind") == "aws-sns") return {};
  if (workers < 1) {
    return misuse("max-enqueue-workers",
                  "is " + text("max-enqueue-workers") +
                      ": nothing could ever be published; give 1 or more, or leave it out");
  }
  options_.enqueue_workers = static_cast<std::size_t>(std::min(workers, kWorkersMax));
  return {};
}

Status Checker::read_buckets() {
  if (Status own = read_bucket("own-validation", options_.own); !own) return own;
  if (Status peer = read_bucket("peer-validation", options_.peer); !peer) return peer;
  if (Status ingestion = read_bucket("ingestor", options_.ingestion); !ingestion) return ingestion;
  options_.scan.ingestion_url = options_.ingestion.url.text;
  options_.scan.own_url = options_.own.url.text;
  options_.scan.peer_url = options_.peer.url.text;
  return {};
}

Status Checker::read_bucket(const std::string& name, WorkflowBucket& bucket) {
  auto url = parse_bucket_url(text(name + "-input"));
  if (!url) return fail(with_context(url.error(), "--" + name + "-input"));
  bucket = {.url = std::move(*url), .identity = text(name + "-identity")};
  if (bucket.identity.empty() || bucket.url.scheme == BucketScheme::s3) return {};
  return fatal("--" + name +
               "-identity is an AWS role and goes with s3:// only; leave it out with " +
               bucket.url.text);
}

Status Checker::read_override() {
  const std::string& at = text("aggregation-override-timestamp");
  if (at.empty()) return {};
  std::optional<Time> time;
  if (at.size() == 12) {
    const std::string dashed = at.substr(0, 4) + '-' + at.substr(4, 2) + '-' + at.substr(6, 2) +
                               '-' + at.substr(8, 2) + '-' + at.substr(10, 2);
    time = parse_minute(dashed, '-');
  }
  if (!time) {
    return fatal("--aggregation-override-timestamp: couldn't parse \"" + at +
                 "\": it is written YYYYMMDDHHmm, in UTC: 202010310730");
  }
  options_.scan.aggregation_override = *time;
  return {};
}

Status Checker::read_queue() {
  WorkflowQueue& queue = options_.queue;
  queue = {.kind = text("task-queue-kind"),
           .intake_topic = text("intake-tasks-topic"),
           .aggregate_topic = text("aggregate-tasks-topic"),
           .gcp_project = text("gcp-project-id"),
           .create_topics = is_set("gcp-pubsub-create-topics"),
           .aws_region = text("aws-sns-region"),
           .aws_identity = text("aws-sns-identity"),
           .amqp_url = text("amqp-url"),
           .amqp_url_file = text("amqp-url-file"),
           .amqp_exchange = text("amqp-exchange"),
           .amqp_queue_type = text("amqp-queue-type"),
           .ledger_data = text("data"),
           .ledger_url = text("ledger"),
           .ledger_definitions = text("definitions")};
  if (queue.kind.empty() || queue.intake_topic.empty() || queue.aggregate_topic.empty()) {
    return fatal(
        "--task-queue-kind, --intake-tasks-topic and --aggregate-tasks-topic are required");
  }
  const auto kinds = workflow_queue_kinds();
  if (std::find(kinds.begin(), kinds.end(), queue.kind) == kinds.end()) {
    const std::vector<std::string> known(kinds.begin(), kinds.end());
    return fatal("unknown task queue kind " + queue.kind +
                 "; it is gcp-pubsub, aws-sns, amqp, file or ledger" +
                 did_you_mean(queue.kind, known));
  }
  if (queue.kind == "gcp-pubsub" && queue.gcp_project.empty()) {
    return fatal("--gcp-project-id is required for task-queue-kind=gcp-pubsub");
  }
  if (queue.kind == "aws-sns" && queue.aws_region.empty()) {
    return fatal("--aws-sns-region is required for task-queue-kind=aws-sns");
  }
  if (queue.kind == "ledger" && queue.ledger_definitions.empty()) {
    return misuse("definitions",
                  "is required for task-queue-kind=ledger: the directory of definitions, whose "
                  "tasks the topics name");
  }
  return queue.kind == "amqp" ? check_amqp() : Status{};
}

Status Checker::check_amqp() {
  const WorkflowQueue& queue = options_.queue;
  if (queue.amqp_url.empty() == queue.amqp_url_file.empty()) {
    return misuse("amqp-url", queue.amqp_url.empty()
                                  ? "is required for task-queue-kind=amqp: the flag, the variable "
                                    "WAYBILL_AMQP_URL, or a file that --amqp-url-file names"
                                  : "and --amqp-url-file: give one of them");
  }
  const std::string& type = queue.amqp_queue_type;
  if (type.empty() || type == "classic" || type == "quorum") return {};
  return misuse("amqp-queue-type", "is \"" + type + "\"; it takes classic or quorum");
}

Status Checker::read_scan() {
  PrioScan& scan = options_.scan;
  scan.intake_task = kIntakeTask;
  scan.aggregate_task = kAggregateTask;
  scan.oversized =
      is_set("split-aggregations") ? OversizedAggregation::split : OversizedAggregation::refuse;
  scan.split_setting = "--split-aggregations";
  const Status checked = check_scan({.name = "workflow-manager", .planner = scan});
  if (checked) return {};
  // check_scan names fields as definitions do.
  std::string message = checked.error().message;
  const std::size_t end = message.find(' ');
  std::replace(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  return fail(Code::invalid_argument, "--" + message);
}

}  // namespace

Result<WorkflowOptions> workflow_options(const WorkflowValues& values) {
  return Checker(values).check();
}

}  // namespace waybill::prio
