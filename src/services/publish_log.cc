#include "services/publish_log.h"

#include <map>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "core/prio/message.h"
#include "core/prio/object_name.h"
#include "core/prio/words.h"
#include "core/prio/workflow_flags.h"

namespace waybill {
namespace {

bool is_intake(const PlannedTask& task) { return task.task == prio::kIntakeTask; }

/// The aggregation ids of a plan: those that a count is labelled with, as they stand in the label.
std::vector<std::string> labels_of(const std::map<std::string, std::int64_t>& counts) {
  std::vector<std::string> labels;
  for (const std::string_view name : {"ingestions_found{", "peer_validations_found{"}) {
    for (auto it = counts.lower_bound(std::string(name));
         it != counts.end() && it->first.starts_with(name); ++it) {
      labels.push_back(it->first.substr(name.size() - 1));
    }
    if (!labels.empty()) break;
  }
  return labels;
}

std::int64_t count_of(const std::map<std::string, std::int64_t>& counts, std::string_view name,
                      const std::string& label) {
  const auto found = counts.find(std::string(name) + label);
  return found == counts.end() ? 0 : found->second;
}

/// How many came too late for each window.
void log_late(const std::map<std::string, std::int64_t>& counts) {
  const std::string name = "late_peer_validations_found{";
  for (auto it = counts.lower_bound(name); it != counts.end() && it->first.starts_with(name);
       ++it) {
    log::warn("late_validations", "the peer validated batches after their window was aggregated",
              {{"aggregation ID", label_of(it->first, "aggregation_id")},
               {"aggregation window", label_of(it->first, "window")},
               {"late validations", it->second}});
  }
}

/// As workflow-manager prints a batch with all of its files.
std::string printed_batch(const prio::BatchName& batch) {
  std::string text = "{";
  text += batch.aggregation_id;
  text += " [";
  prio::append_minute(text, batch.time, ' ');
  text += "] ";
  text += batch.batch_id;
  return text + " files:111}";
}

/// As workflow-manager prints a batch: `{AGG [YYYY MM DD HH mm] ID files:101}`, a digit each for
/// header, packets and signature.
std::string printed_batch(const Skipped& skipped) {
  std::vector<std::string> parts = {""};
  for (const char c : skipped.what) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() != 7) return skipped.what;
  std::string text = "{" + parts[0] + " [";
  for (std::size_t i = 1; i < 6; ++i) text += parts[i] + (i < 5 ? " " : "] ");
  text += parts[6] + " files:";
  if (skipped.reason == SkipReason::unknown_part) return text + "000}";
  // "missing batch, batch.avro": each name ends at a comma or the end.
  const std::string missing = skipped.detail + ",";
  for (const std::string_view name : {"batch,", "batch.avro,", "batch.sig,"}) {
    text += missing.find(" " + std::string(name)) == std::string::npos ? '1' : '0';
  }
  return text + "}";
}

void log_skipped(const Skipped& skipped) {
  const bool of_peer = skipped.detail.find("peer") != std::string::npos;
  switch (skipped.reason) {
    case SkipReason::unknown_part:
    case SkipReason::incomplete:
      return log::info(
          "incomplete",
          "ignoring incomplete batch " + (of_peer ? skipped.what : printed_batch(skipped)),
          {{"detail", skipped.detail}});
    case SkipReason::malformed_name:
      return log::warn("malformed_name", "ignoring an object: malformed batch name " + skipped.what,
                       {{"detail", skipped.detail}});
    case SkipReason::already_marked:
      return log::debug("already_marked", "skipped task due to marker", {{"task", skipped.what}});
    case SkipReason::no_peer_validation:
    case SkipReason::quiet_time:
    case SkipReason::outside_window:
      return log::debug(to_string(skipped.reason), "not aggregated",
                        {{"batch", skipped.what}, {"detail", skipped.detail}});
    case SkipReason::too_large:
    case SkipReason::ambiguous_marker:
      return;  // warned of
    default:
      return log::warn(to_string(skipped.reason), "ignoring an object or batch",
                       {{"what", skipped.what},
                        {"reason", to_string(skipped.reason)},
                        {"detail", skipped.detail}});
  }
}

}  // namespace

TaskSubject subject_of(const PlannedTask& task) {
  if (is_intake(task)) {
    const auto message = prio::decode_intake(task.params);
    if (!message) return {};
    return {.aggregation_id = message->aggregation_id,
            .batch_id = message->batch_id,
            .batch = printed_batch(prio::BatchName{.aggregation_id = message->aggregation_id,
                                                   .time = message->date,
                                                   .batch_id = message->batch_id}),
            .batches = 0,
            .window = {}};
  }
  const auto message = prio::decode_aggregate(task.params);
  if (!message) return {};
  return {.aggregation_id = message->aggregation_id,
          .batch_id = {},
          .batch = {},
          .batches = message->batches.size(),
          .window = prio::span_text({message->begin, message->end})};
}

TaskSubject subject_of(const prio::NamedBatch& batch) {
  return {.aggregation_id = std::string(batch.aggregation_id),
          .batch_id = batch.id,
          .batch = printed_batch(prio::BatchName(batch)),
          .batches = 0,
          .window = {}};
}

void log_scheduling(const PlannedTask& task, const TaskSubject& subject) {
  if (is_intake(task)) {
    return log::info("scheduling", "scheduling intake task for batch",
                     {{"trace ID", to_string(task.id)},
                      {"aggregation ID", subject.aggregation_id},
                      {"batch ID", subject.batch_id},
                      {"batch", subject.batch}});
  }
  log::info("scheduling", "Scheduling aggregation task",
            {{"trace ID", to_string(task.id)},
             {"aggregation ID", subject.aggregation_id},
             {"batch count", subject.batches},
             {"aggregation window", subject.window}});
}

void log_publish_failed(const PlannedTask& task, const Error& error) {
  log::error("publish_failed",
             is_intake(task) ? "failed to enqueue intake task"
                             : "failed to enqueue aggregation task: " + error.message,
             {{"error", error.message}, {"trace ID", to_string(task.id)}, {"task", task.what}});
}

void log_marker_failed(const PlannedTask& task, const Error& error) {
  log::error("marker_failed",
             is_intake(task) ? "failed to write intake task marker"
                             : "failed to write aggregation task marker: " + error.message,
             {{"error", error.message}, {"trace ID", to_string(task.id)}, {"marker", task.marker}});
}

void log_plan(const Plan& plan, std::size_t too_large, const prio::Window& latest) {
  for (const Skipped& skipped : plan.skipped) log_skipped(skipped);
  for (std::size_t i = 0; i < plan.warnings.size(); ++i) {
    if (i < too_large) {
      log::error("too_large", plan.warnings[i]);
    } else {
      log::warn("scan_warning", plan.warnings[i]);
    }
  }
  for (const std::string& label : labels_of(plan.counts)) {
    const std::string id = label_of(label, "aggregation_id");
    const auto count = [&](std::string_view name) { return count_of(plan.counts, name, label); };
    log::info("ingestions", "discovered ingestion batches in intake window",
              {{"aggregation ID", id},
               {"ingestion batches", count("ingestions_found")},
               {"incomplete ingestion batches", count("incomplete_ingestions_found")}});
    log::info("aggregate_window", "looking for batches to aggregate",
              {{"aggregation interval", prio::span_text(latest)}, {"aggregation ID", id}});
    log::info("aggregate_ingestions", "discovered ingestion batches in aggregation window",
              {{"aggregation ID", id},
               {"ingestion batches", count("aggregate_ingestions_found")},
               {"incomplete ingestion batches", count("aggregate_incomplete_ingestions_found")}});
    log::info("validations", "discovered peer validations",
              {{"aggregation ID", id},
               {"peer validations", count("peer_validations_found")},
               {"incomplete peer validations", count("incomplete_peer_validations_found")}});
    if (count("aggregation_tasks_skipped_due_to_marker") > 0) {
      log::info("aggregation_marked", "skipped aggregation task due to marker",
                {{"aggregation ID", id}});
    } else if (count("aggregation_tasks_scheduled") == 0) {
      log::info("nothing_to_aggregate", "no batches to aggregate", {{"aggregation ID", id}});
    }
  }
  log_late(plan.counts);
}

void log_counts(const PublishReport& report) {
  for (const std::string& label : labels_of(report.counts)) {
    const auto count = [&](std::string_view name) { return count_of(report.counts, name, label); };
    log::info("scheduled", "skipped and scheduled intake tasks",
              {{"aggregation ID", label_of(label, "aggregation_id")},
               {"skipped batches", count("intake_tasks_skipped_due_to_marker")},
               {"scheduled batches", count("intake_tasks_scheduled")}});
  }
}

}  // namespace waybill
