#include "services/scan_json.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"
#include "core/task_json.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// Names of objects may be any bytes.
bj::string clean(std::string_view text) { return json::text(escape_utf8(text)); }

enum class ScanParams : std::uint8_t { with, without };

bj::object scanned_to_json(const ScannedTask& task, ScanParams params) {
  bj::object object{{"id", to_string(task.id)},
                    {"task", clean(task.planned.task)},
                    {"marker", clean(task.marker_name())},
                    {"what", clean(task.planned.what)}};
  if (params == ScanParams::with) object["params"] = text_to_json(task.planned.params);
  object["outcome"] = json::text(to_string(task.outcome));
  object["marker_outcome"] = json::text(to_string(task.marker));
  object["error"] = json::text_or_null(escape_utf8(task.error));
  return object;
}

bj::array tasks_to_json(const ScanReport& report, ScanParams params, std::size_t most) {
  bj::array tasks;
  for (std::size_t each = 0; each < std::min(report.tasks.size(), most); ++each) {
    tasks.push_back(scanned_to_json(report.tasks[each], params));
  }
  return tasks;
}

bj::array skipped_to_json(const ScanReport& report, std::size_t most) {
  bj::array skipped;
  for (std::size_t each = 0; each < std::min(report.skipped.size(), most); ++each) {
    const Skipped& skip = report.skipped[each];
    skipped.push_back(bj::object{{"what", clean(skip.what)},
                                 {"reason", json::text(to_string(skip.reason))},
                                 {"detail", clean(skip.detail)}});
  }
  return skipped;
}

bj::array warnings_to_json(const ScanReport& report) {
  bj::array warnings;
  for (const std::string& warning : report.warnings) warnings.push_back(clean(warning));
  return warnings;
}

bj::object counts_to_json(const ScanReport& report) {
  bj::object counts;
  for (const auto& [name, count] : report.counts) counts[clean(name)] = count;
  return counts;
}

bj::object took_to_json(const ScanReport& report) {
  bj::object took;
  for (int phase = 0; phase < kScanPhaseCount; ++phase) {
    took[json::text(to_string(static_cast<ScanPhase>(phase)))] =
        static_cast<double>(report.took[phase].count()) / 1e6;
  }
  return took;
}

std::int64_t skipped_in_all(const ScanReport& report) {
  std::int64_t skipped = 0;
  for (int reason = 0; reason < kSkipReasonCount; ++reason) {
    skipped += skipped_count(report.counts, static_cast<SkipReason>(reason));
  }
  return std::max(skipped, static_cast<std::int64_t>(report.skipped.size()));
}

bj::object summary_of(const ScanReport& report) {
  return {{"now", time_to_json(report.now)},
          {"dry_run", report.mode == ScanMode::dry_run},
          {"complete", report.complete()},
          {"objects_listed", report.objects_listed},
          {"planned", static_cast<std::int64_t>(report.tasks.size())},
          {"inserted", report.count(ScanOutcome::inserted)},
          {"duplicates", report.count(ScanOutcome::duplicate)},
          {"failed", report.count(ScanOutcome::failed)},
          {"skipped", skipped_in_all(report)},
          {"took_seconds", took_to_json(report)}};
}

std::size_t over(std::size_t size) { return size - std::min(size, kScanItemsKept); }

bj::object kept_report(const ScanReport& report) {
  return {{"tasks", tasks_to_json(report, ScanParams::without, kScanItemsKept)},
          {"skipped", skipped_to_json(report, kScanItemsKept)},
          {"counts", counts_to_json(report)},
          {"warnings", warnings_to_json(report)},
          {"left_out", over(report.tasks.size()) + over(report.skipped.size())}};
}

Result<bj::object> kept_object(const ScanPass& pass, std::string_view text) {
  const auto read = json::parse(text);
  if (!read || !read->is_object()) {
    return fail(Code::data_loss, "pass " + std::to_string(pass.number) + " of the scan \"" +
                                     pass.scan + "\" is damaged in the ledger");
  }
  return read->as_object();
}

/// As it was of a pass; else what stands for nothing.
bj::value summary_field(const bj::object& summary, std::string_view name, bj::value otherwise) {
  const auto* value = summary.if_contains(name);
  return value == nullptr ? std::move(otherwise) : *value;
}

}  // namespace

bj::object scan_to_json(const ScanReport& report) {
  return {{"scan", clean(report.scan)},
          {"now", time_to_json(report.now)},
          {"dry_run", report.mode == ScanMode::dry_run},
          {"complete", report.complete()},
          {"objects_listed", report.objects_listed},
          {"tasks", tasks_to_json(report, ScanParams::with, SIZE_MAX)},
          {"skipped", skipped_to_json(report, SIZE_MAX)},
          {"counts", counts_to_json(report)},
          {"warnings", warnings_to_json(report)},
          {"took_seconds", took_to_json(report)}};
}

ScanPass scan_pass_of(const std::string& scan, const Result<ScanReport>& report, Time at) {
  ScanPass pass{.scan = scan, .first_at = at, .last_at = at};
  if (!report) {
    pass.error = escape_utf8(report.error().message);
    return pass;
  }
  pass.summary = bj::serialize(summary_of(*report));
  pass.report = bj::serialize(kept_report(*report));
  return pass;
}

Result<bj::object> scan_pass_to_json(const ScanPass& pass, bool with_report) {
  const auto summary = kept_object(pass, pass.summary);
  if (!summary) return fail(summary.error());
  bj::object object{{"scan", pass.scan},
                    {"number", pass.number},
                    {"first_at", time_to_json(pass.first_at)},
                    {"last_at", time_to_json(pass.last_at)},
                    {"passes", pass.passes},
                    {"error", json::text_or_null(pass.error)},
                    {"now", summary_field(*summary, "now", nullptr)},
                    {"complete", summary_field(*summary, "complete", false)}};
  for (const char* count :
       {"objects_listed", "planned", "inserted", "duplicates", "failed", "skipped"}) {
    object[count] = summary_field(*summary, count, 0);
  }
  object["report"] = nullptr;
  if (!with_report || !pass.error.empty()) return object;
  auto report = kept_object(pass, pass.report);
  if (!report) return fail(report.error());
  (*report)["scan"] = pass.scan;
  for (const char* name : {"now", "dry_run", "complete", "objects_listed", "took_seconds"}) {
    (*report)[name] = summary_field(*summary, name, nullptr);
  }
  object["report"] = std::move(*report);
  return object;
}

}  // namespace waybill
