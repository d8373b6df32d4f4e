#include "core/batches/planner.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/skip_tally.h"

namespace waybill::batches {
namespace {

// Above the bits of the parts.
constexpr std::uint32_t kMarked = 1U << 30;
constexpr std::uint32_t kUnknownPart = 1U << 31;
static_assert(PathTemplate::kPartsMax <= 30);

PathTemplate compiled(const BatchScan& scan) {
  auto path = PathTemplate::compile(scan.path, scan.parts);
  WAYBILL_CHECK(path, "the scan has passed check_scan");
  return std::move(*path);
}

std::size_t date_bytes(Precision precision) {
  static constexpr std::size_t kBytes[] = {0, 5, 8, 11, 14, 17};
  return kBytes[static_cast<std::size_t>(precision)];
}

/// The date as far as the path tells it: `2026/11/22/`; the separator ends it too.
std::string date_text(Time time, Precision precision) {
  std::string text = format_time(time);  // 2026-11-22T10:30:00Z
  text.resize(date_bytes(precision));
  for (char& c : text) c = c >= '0' && c <= '9' ? c : '/';
  return text;
}

}  // namespace

struct BatchPlanner::Counters {
  std::int64_t found = 0;
  std::int64_t incomplete = 0;
  std::int64_t tasks = 0;
  std::int64_t marked = 0;
  std::int64_t malformed = 0;

  void write(Plan& plan, std::string_view source) const {
    const auto put = [&](std::string_view name, std::int64_t value) {
      plan.counts[labelled(name, "source", source)] = value;
    };
    put("batches_found", found);
    put("incomplete_batches_found", incomplete);
    put("tasks_scheduled", tasks);
    put("tasks_skipped_due_to_marker", marked);
    put("malformed_names_found", malformed);
  }
};

BatchPlanner::BatchPlanner(std::string name, BatchScan scan, Time now)
    : name_(std::move(name)),
      scan_(std::move(scan)),
      now_(now),
      path_(compiled(scan_)),
      begin_(scan_.window == Duration(0) ? Time::min()
                                         : cut(now - scan_.window, path_.precision())) {
  for (const auto& [source, url] : scan_.sources) {
    sources_.push_back({source, objects_of(source), markers_of(source)});
  }
}

ScanListing BatchPlanner::objects_of(const std::string& source) const {
  ScanListing listing{.source = source, .prefix = path_.prefix(source)};
  if (begin_ != Time::min()) listing.start_after = path_.lower_bound(source, begin_);
  listing.wants_times = scan_.quiet_time > Duration(0);
  return listing;
}

ScanListing BatchPlanner::markers_of(const std::string& source) const {
  ScanListing listing{.source = std::string(kMarkerSource)};
  listing.prefix = std::string(kMarkerPrefix) + name_ + '/' + source + '/';
  if (begin_ != Time::min() && path_.precision() != Precision::none) {
    listing.start_after = listing.prefix + date_text(begin_, path_.precision());
  }
  return listing;
}

std::vector<ScanListing> BatchPlanner::listings() {
  std::vector<ScanListing> next;
  if (asked_) return next;
  asked_ = true;
  for (const Source& source : sources_) {
    next.push_back(source.objects);
    next.push_back(source.markers);
  }
  return next;
}

void BatchPlanner::object(const ScanListing& listing, std::string_view key, Time modified_at) {
  if (!listing.holds(key)) return;
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    if (listing == sources_[i].objects) return batch_object(i, key, modified_at);
    if (listing == sources_[i].markers) return marker(i, key);
  }
  check_failed(__FILE__, __LINE__, "listing",
               "keys belong to a listing that the planner asked for");
}

void BatchPlanner::batch_object(std::uint32_t source, std::string_view key, Time modified_at) {
  if (key.starts_with(kMarkerPrefix)) return;
  const PathMatch match = path_.match(sources_[source].name, key);
  if (match.kind != PathMatch::Kind::part) {
    BatchRecord& record = batches_.at(source, kTimeMax, key);
    if (match.kind == PathMatch::Kind::unknown) record.bits |= kUnknownPart;
    return;
  }
  BatchRecord& record = batches_.at(source, match.time, match.batch);
  record.bits |= 1U << match.part;
  record.ready_at = std::max(record.ready_at, modified_at);
}

void BatchPlanner::marker(std::uint32_t source, std::string_view key) {
  key.remove_prefix(sources_[source].markers.prefix.size());
  const std::size_t date_size = date_bytes(path_.precision());
  if (key.size() <= date_size) return;
  Time time{};
  if (date_size > 0) {
    std::string text = "0000-01-01T00:00:00Z";
    for (std::size_t i = 0; i + 1 < date_size; ++i) {
      const bool separates = text[i] < '0' || text[i] > '9';
      if ((key[i] == '/') != separates) return;
      if (!separates) text[i] = key[i];
    }
    const auto read = parse_time(text);
    if (!read || key[date_size - 1] != '/') return;
    time = *read;
  }
  batches_.at(source, time, key.substr(date_size)).bits |= kMarked;
}

bool BatchPlanner::is_complete(const BatchRecord& record) const {
  const std::uint32_t all = (1U << path_.parts().size()) - 1;
  return (record.bits & all) == all;
}

std::optional<SkipReason> BatchPlanner::reason_to_skip(const BatchRecord& record) const {
  if (!batches_.is_batch(record)) {
    return (record.bits & kUnknownPart) != 0 ? SkipReason::unknown_part
                                             : SkipReason::malformed_name;
  }
  if (path_.precision() != Precision::none && batches_.time(record) < begin_) {
    return SkipReason::outside_window;
  }
  if (!is_complete(record)) return SkipReason::incomplete;
  if ((record.bits & kMarked) != 0) return SkipReason::already_marked;
  const bool wants_quiet = scan_.quiet_time > Duration(0);
  if (wants_quiet && record.ready_at > now_ - scan_.quiet_time) return SkipReason::quiet_time;
  return std::nullopt;
}

Plan BatchPlanner::finish() {
  Plan plan;
  SkipTally<const BatchRecord*> skips;
  std::vector<Counters> counters(sources_.size());
  std::vector<std::uint32_t> rank(sources_.size());  // sources_ is sorted by name
  std::iota(rank.begin(), rank.end(), 0);
  batches_.sort(rank);
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    const BatchRecord& record = batches_[i];
    const bool only_marker = batches_.is_batch(record) && (record.bits & ~kMarked) == 0;
    if (only_marker) continue;
    Counters& counter = counters[batches_.group(record)];
    const auto reason = reason_to_skip(record);
    if (reason) {
      skips.add(*reason, &record);
    } else {
      plan.tasks.push_back(task_of(record));
    }
    counter.tasks += reason ? 0 : 1;
    counter.marked += reason == SkipReason::already_marked ? 1 : 0;
    counter.incomplete += reason == SkipReason::incomplete ? 1 : 0;
    counter.malformed += reason == SkipReason::malformed_name ? 1 : 0;
    const bool complete_in_window =
        !reason || reason == SkipReason::already_marked || reason == SkipReason::quiet_time;
    counter.found += complete_in_window ? 1 : 0;
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) counters[i].write(plan, sources_[i].name);
  skips.write(plan, [&](SkipReason reason, const BatchRecord* record) {
    return describe(reason, *record);
  });
  return plan;
}

std::string BatchPlanner::path_of(const BatchRecord& record) const {
  return sources_[batches_.group(record)].name + '/' +
         date_text(batches_.time(record), path_.precision()) + batches_.name(record);
}

std::string BatchPlanner::marker_of(const BatchRecord& record) const {
  return name_ + '/' + path_of(record);
}

PlannedTask BatchPlanner::task_of(const BatchRecord& record) const {
  const std::string& source = sources_[batches_.group(record)].name;
  const std::string batch = batches_.name(record);
  std::string params = "{\"source\":";
  json::append_quoted(params, source);
  params += ",\"batch\":";
  json::append_quoted(params, batch);
  params += ",\"time\":";
  params += path_.precision() == Precision::none ? "null"
                                                 : '"' + format_time(batches_.time(record)) + '"';
  params += ",\"keys\":";
  for (std::size_t part = 0; part < path_.parts().size(); ++part) {
    params += part == 0 ? '{' : ',';
    json::append_quoted(params, path_.parts()[part]);
    params += ':';
    json::append_quoted(params, path_.key(source, batches_.time(record), batch, part));
  }
  params += "}}";
  PlannedTask task{.marker = marker_of(record),
                   .task = scan_.task,
                   .params = std::move(params),
                   .what = "batch " + path_of(record)};
  task.id = uuid_v5(kTaskNamespace, task.marker);
  return task;
}

Skipped BatchPlanner::describe(SkipReason reason, const BatchRecord& record) const {
  const std::string name = batches_.name(record);
  if (!batches_.is_batch(record)) {
    const bool unknown = reason == SkipReason::unknown_part;
    return {
        .what = escape_utf8(name),
        .reason = reason,
        .detail = unknown ? "it ends in none of the parts" : "it is not of the form " + scan_.path};
  }
  std::string detail;
  if (reason == SkipReason::incomplete) {
    for (std::size_t part = 0; part < path_.parts().size(); ++part) {
      if ((record.bits >> part & 1) != 0) continue;
      detail += detail.empty() ? "missing " : ", ";
      detail += path_.parts()[part];
    }
  } else if (reason == SkipReason::quiet_time) {
    detail = "changed at " + format_time(record.ready_at) + ", quiet until " +
             format_time(record.ready_at + scan_.quiet_time);
  }
  return {.what = path_of(record), .reason = reason, .detail = std::move(detail)};
}

}  // namespace waybill::batches
