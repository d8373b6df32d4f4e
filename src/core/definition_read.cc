#include "core/definition_read.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/bucket_url.h"
#include "core/definition_fields.h"
#include "core/definitions_load.h"
#include "core/pipeline/start_spec.h"

namespace waybill {
namespace bj = boost::json;
namespace {

void add_error(const Status& status, std::string pointer,
               std::vector<SchemaViolation>& violations) {
  if (status) return;
  violations.push_back({.pointer = std::move(pointer), .message = status.error().message});
}

/// `path` as it was written, and what it was resolved to.
struct Resolved {
  std::string pointer;
  std::string path;
};

void check_confined(const Entry& entry, const Resolved& resolved,
                    std::vector<SchemaViolation>& violations) {
  if (!entry.is_confined || resolved.path.starts_with(entry.directory + "/") ||
      resolved.path == entry.directory) {
    return;
  }
  violations.push_back({.pointer = resolved.pointer,
                        .message = "leads out of the directory of its definition, which is all "
                                   "that is taken of its repository"});
}

/// A bucket of a cloud that could never be opened is told of now; and one beside the definitions of
/// a repository would be another one with each commit.
void check_bucket(const Entry& entry, const std::string& pointer, std::string_view url,
                  std::vector<SchemaViolation>& violations) {
  std::string_view path = url;
  if (path.starts_with("file:")) {
    path.remove_prefix(5);
    if (path.starts_with("//")) path.remove_prefix(2);
  } else if (path.substr(0, path.find('/')).find(':') != path.npos) {
    const auto parsed = parse_bucket_url(url);
    if (!parsed) violations.push_back({.pointer = pointer, .message = parsed.error().message});
    return;
  }
  if (!entry.is_confined || path.starts_with('/')) return;
  violations.push_back({.pointer = pointer,
                        .message = "is a relative path: definitions of a repository name buckets "
                                   "by URL or by absolute path"});
}

/// What a command reads beside its program. They are in no spec.
void check_files(const Entry& entry, std::vector<SchemaViolation>& violations) {
  const bj::value* files = Fields(entry.object).find("files");
  if (files == nullptr) return;
  for (std::size_t i = 0; i < files->get_array().size(); ++i) {
    const std::string pointer = "/files/" + std::to_string(i);
    const std::string written(files->get_array()[i].get_string());
    if (written.starts_with('/')) {
      violations.push_back(
          {.pointer = pointer, .message = "has to be a path below the directory of this file"});
      continue;
    }
    std::string resolved = resolve_program("./" + written, entry.directory);
    if (resolved.ends_with('/')) resolved.pop_back();
    check_confined(entry, {pointer, resolved}, violations);
  }
}

/// All fields that are the kind's own, paths resolved.
std::string command_spec(const Entry& entry, std::vector<SchemaViolation>& violations) {
  static constexpr std::string_view kOwn[] = {"command", "shell", "environment", "secrets",
                                              "stdin",   "grace", "limits",      "exit_codes"};
  const Fields fields(entry.object);
  bj::object spec;
  for (const std::string_view name : kOwn) {
    const bj::value* value = fields.find(name);
    if (value != nullptr) spec.emplace(bj::string_view(name.data(), name.size()), *value);
  }
  if (bj::value* command = spec.if_contains("command")) {
    bj::value& program = command->get_array()[0];
    const std::string written(program.get_string());
    const std::string resolved = resolve_program(written, entry.directory);
    if (written.find('/') != written.npos && !written.starts_with('/')) {
      check_confined(entry, {"/command/0", resolved}, violations);
    }
    program = resolved;
  }
  if (fields.has("working_directory")) {
    // A name without a slash is a directory here, not something to look for in PATH.
    const std::string directory = "./" + fields.text("working_directory");
    const bool absolute = directory.starts_with(".//");
    const std::string resolved =
        absolute ? directory.substr(2) : resolve_program(directory, entry.directory);
    if (!absolute) {
      std::string inside = resolved;
      if (inside.ends_with('/')) inside.pop_back();
      check_confined(entry, {"/working_directory", inside}, violations);
    }
    spec["working_directory"] = resolved;
  }
  check_files(entry, violations);
  return json::serialize(spec);
}

PrioScan read_prio(const Fields& fields, const std::string& directory) {
  PrioScan scan;
  scan.ingestion_url = resolve_url(fields.text("ingestion"), directory);
  scan.own_url = resolve_url(fields.text("own"), directory);
  scan.peer_url = resolve_url(fields.text("peer"), directory);
  scan.side = fields.text("side") == "first" ? PrioSide::first : PrioSide::second;
  scan.intake_max_age = fields.duration("intake_max_age", scan.intake_max_age);
  scan.aggregation_period = fields.duration("aggregation_period", scan.aggregation_period);
  scan.grace_period = fields.duration("grace_period", scan.grace_period);
  scan.catch_up = fields.duration("catch_up", scan.catch_up);
  if (fields.has("aggregation_override")) {
    scan.aggregation_override = parse_time(fields.text("aggregation_override")).value();
  }
  if (fields.flag("split_aggregations", false)) scan.oversized = OversizedAggregation::split;
  scan.intake_task = fields.text("intake_task");
  scan.aggregate_task = fields.text("aggregate_task");
  return scan;
}

BatchScan read_batches(const Fields& fields, const std::string& directory) {
  BatchScan scan;
  for (const auto& member : fields.object("sources")) {
    scan.sources.emplace(member.key(),
                         resolve_url(std::string_view(member.value().get_string()), directory));
  }
  scan.path = fields.text("path");
  for (const bj::value& part : fields.find("parts")->get_array()) {
    scan.parts.emplace_back(part.get_string());
  }
  if (fields.has("markers")) scan.marker_url = resolve_url(fields.text("markers"), directory);
  scan.quiet_time = fields.duration("quiet_time", scan.quiet_time);
  scan.window = fields.duration("window", scan.window);
  scan.task = fields.text("task");
  return scan;
}

DaylightPolicy read_daylight(const std::string& text) {
  if (text == "skip") return DaylightPolicy::skip;
  return text == "both" ? DaylightPolicy::both : DaylightPolicy::once;
}

CatchUp read_catch_up(const std::string& text) {
  if (text == "none") return CatchUp::none;
  return text == "all" ? CatchUp::all : CatchUp::one;
}

}  // namespace

RetryPolicy read_retry(const Fields& fields) {
  RetryPolicy policy;
  policy.failures_max = static_cast<std::uint32_t>(fields.integer("failures", policy.failures_max));
  policy.worker_deaths_max =
      static_cast<std::uint32_t>(fields.integer("worker_deaths", policy.worker_deaths_max));
  policy.backoff_first = fields.duration("backoff", policy.backoff_first);
  policy.backoff_max = fields.duration("backoff_max", policy.backoff_max);
  policy.backoff_factor = fields.number("backoff_factor", policy.backoff_factor);
  policy.jitter = fields.number("jitter", policy.jitter);
  return policy;
}

Labels read_labels(const bj::object& object) {
  Labels labels;
  for (const auto& member : object) labels.emplace_back(member.key(), member.value().get_string());
  return labels;
}

void check_params_schema(const bj::object& schema, std::vector<SchemaViolation>& violations) {
  for (SchemaViolation violation : JsonSchema::compile(schema, standard_formats()).problems) {
    violation.pointer = "/params" + violation.pointer;
    violations.push_back(std::move(violation));
  }
}

/// What nobody has reviewed is for those who could push it.
void check_repo_run_rule(const TaskDefinition& task, std::vector<SchemaViolation>& violations) {
  if (task.kind != kRepoRunKind) return;
  const auto spec = json::parse(task.spec);
  const bj::value* repository =
      spec && spec->is_object() ? spec->get_object().if_contains("repository") : nullptr;
  const bool is_text = repository != nullptr && repository->is_string();
  const std::string wanted = is_text ? std::string(repository->get_string()) : "owner/name";
  const bool right = task.who_may && task.who_may->repository == wanted &&
                     task.who_may->permission >= RepositoryRole::write &&
                     task.who_may->people.empty() && !task.who_may->role;
  if (right) return;
  violations.push_back({.pointer = "/who_may",
                        .message = "has to be {github: {repository: \"" + wanted +
                                   "\"}}, with permission write or more and nobody besides: kind "
                                   "repo.run runs what whoever may write there has pushed"});
}

TaskDefinition read_task(const Entry& entry, std::vector<SchemaViolation>& violations) {
  const Fields fields(entry.object);
  TaskDefinition task;
  task.name = entry.name;
  task.kind = fields.text("kind", "command");
  task.queue = fields.text("queue", task.queue);
  task.priority = static_cast<int>(fields.integer("priority", task.priority));
  task.run_time_max = fields.duration("timeout", task.run_time_max);
  task.retry = read_retry(Fields(fields.object("retry")));
  task.labels = read_labels(fields.object("labels"));
  task.params_schema = fields.json("params");
  task.spec = task.kind == "command" ? command_spec(entry, violations) : fields.json("spec", "{}");
  task.who_may = read_who_may(entry, violations);
  check_repo_run_rule(task, violations);
  task.notify = read_notify_of(entry);
  if (task.run_time_max < Duration::zero()) {
    violations.push_back({.pointer = "/timeout", .message = "has to be 0 or more"});
  }
  add_error(check_retry_policy(task.retry), "/retry", violations);
  if (fields.has("params")) check_params_schema(fields.object("params"), violations);
  return task;
}

std::optional<WhoMay> read_who_may(const Entry& entry, std::vector<SchemaViolation>& violations) {
  const Fields fields(entry.object);
  if (!fields.has("who_may")) return std::nullopt;
  const Fields given(fields.object("who_may"));
  const Fields github(given.object("github"));
  WhoMay rule;
  rule.provider = github.text("provider", rule.provider);
  rule.repository = github.text("repository");
  if (github.has("permission")) {
    rule.permission = parse_repository_role(github.text("permission")).value_or(rule.permission);
  }
  if (const bj::value* people = given.find("people")) {
    for (const bj::value& name : people->get_array()) rule.people.emplace_back(name.get_string());
  }
  rule.role = parse_role(given.text("role"));
  const bool sound = rule.repository.empty() || is_repository(rule.repository) ||
                     parameter_of(rule.repository).has_value();
  if (!sound) {
    violations.push_back({.pointer = "/who_may/github/repository",
                          .message = "has to be owner/name or ${params.NAME}"});
  }
  return rule;
}

ScanDefinition read_scan(const Entry& entry, std::vector<SchemaViolation>& violations) {
  const Fields fields(entry.object);
  ScanDefinition scan;
  scan.name = entry.name;
  scan.every = fields.duration("every", scan.every);
  for (const char* bucket : {"ingestion", "own", "peer", "markers"}) {
    if (fields.has(bucket)) {
      check_bucket(entry, "/" + std::string(bucket), fields.text(bucket), violations);
    }
  }
  for (const auto& member : fields.object("sources")) {
    if (!member.value().is_string()) continue;
    check_bucket(entry, child_pointer("/sources", std::string_view(member.key())),
                 std::string_view(member.value().get_string()), violations);
  }
  if (fields.text("planner") == "prio") {
    scan.planner = read_prio(fields, entry.directory);
  } else {
    scan.planner = read_batches(fields, entry.directory);
  }
  add_error(check_scan(scan), "", violations);
  return scan;
}

QueueSettings read_queue(const Entry& entry, std::vector<SchemaViolation>& violations) {
  const Fields fields(entry.object);
  QueueSettings queue;
  queue.name = entry.name;
  queue.concurrency_max = static_cast<std::uint32_t>(fields.integer("concurrency", 0));
  const Fields retention(fields.object("retention"));
  const auto kept = [&](std::string_view outcome, Duration otherwise) {
    const Duration duration = retention.duration(outcome, otherwise);
    if (duration < Duration::zero()) {
      violations.push_back({.pointer = "/retention/" + std::string(outcome),
                            .message = "has to be 0 (for ever) or more"});
    }
    return duration;
  };
  queue.retention.succeeded = kept("succeeded", queue.retention.succeeded);
  queue.retention.failed = kept("failed", queue.retention.failed);
  queue.retention.cancelled = kept("cancelled", queue.retention.cancelled);
  return queue;
}

ImportDefinition read_import(const Entry& entry, std::vector<SchemaViolation>& violations) {
  const Fields fields(entry.object);
  if (fields.has("routing_key") && !fields.has("exchange")) {
    violations.push_back({.pointer = "/routing_key", .message = "goes with an exchange; name it"});
  }
  ImportDefinition import{.name = entry.name, .queue = fields.text("queue")};
  import.exchange = fields.text("exchange");
  import.routing_key = fields.text("routing_key", import.queue);
  import.durable = fields.flag("durable", import.durable);
  import.task = fields.text("task");
  for (const auto& type : fields.object("types")) {
    import.types.emplace(type.key(), type.value().get_string());
  }
  return import;
}

namespace {

/// All but its task.
Schedule read_times(const Entry& entry, const Fields& fields) {
  Schedule schedule;
  schedule.name = entry.name;
  schedule.cron = fields.text("cron");
  schedule.zone = fields.text("zone", schedule.zone);
  schedule.daylight = read_daylight(fields.text("daylight"));
  schedule.catch_up = read_catch_up(fields.text("catch_up"));
  schedule.paused = fields.flag("paused", false);
  return schedule;
}

}  // namespace

Schedule read_schedule(const Entry& entry, const pipeline::PipelineDefinition& pipeline,
                       std::vector<SchemaViolation>& violations) {
  const Fields fields(entry.object);
  Schedule schedule = read_times(entry, fields);
  pipeline::StartSpec spec{.pipeline = pipeline.name, .notify = read_notify_of(entry)};
  if (fields.has("priority")) spec.priority = static_cast<int>(fields.integer("priority", 0));
  TaskRequest& task = schedule.task;
  task = pipeline::make_start_request(pipeline, spec, fields.json("params", "{}"));
  task.created_by = "schedule:" + entry.name;
  add_error(check_params(pipeline.params_schema, task.params), "/params", violations);
  add_error(check_schedule(schedule), "", violations);
  return schedule;
}

Schedule read_schedule(const Entry& entry, const TaskDefinition& task,
                       std::vector<SchemaViolation>& violations) {
  const Fields fields(entry.object);
  Schedule schedule = read_times(entry, fields);
  const std::string params = fields.json("params", "{}");
  schedule.task = make_request(task, params);
  schedule.task.priority = static_cast<int>(fields.integer("priority", task.priority));
  schedule.task.created_by = "schedule:" + entry.name;
  schedule.task.notify = merge_notify(task.notify, read_notify_of(entry));
  add_error(check_params(task.params_schema, params), "/params", violations);
  add_error(check_schedule(schedule), "", violations);
  return schedule;
}

}  // namespace waybill
