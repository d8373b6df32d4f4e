#include "core/prio/planner.h"

#include <algorithm>

#include "base/check.h"
#include "base/utf8.h"
#include "core/prio/planned_tasks.h"

namespace waybill::prio {
namespace {

constexpr std::string_view kIngestion = "ingestion";
constexpr std::string_view kOwn = "own";
constexpr std::string_view kPeer = "peer";

/// The keys that begin with `prefix` and a minute of the window.
ScanListing listing_of(std::string_view source, std::string prefix, const Window& window,
                       char separator) {
  ScanListing listing{.source = std::string(source), .prefix = std::move(prefix)};
  listing.start_after = listing.prefix + format_minute(window.begin, separator);
  listing.end_before = listing.prefix + format_minute(window.end, separator);
  return listing;
}

/// Where the keys of a minute begin. At a full hour also those of no minute, such as `11/-5/…`,
/// which sort before its first one.
std::string bound_of(const std::string& prefix, Time minute) {
  std::string bound = prefix + format_minute(minute, '/');
  if (bound.ends_with("/00")) bound.resize(bound.size() - 3);
  return bound;
}

/// The keys of objects in the windows. For a window that begins within an hour, those of no minute
/// at the hour's beginning are listed too, unless a window that is listed anyway, or is `known`,
/// holds that.
std::vector<ScanListing> listings_of_objects(std::string_view source, const std::string& prefix,
                                             const std::vector<Window>& windows,
                                             const std::vector<Window>& known) {
  std::vector<ScanListing> listings;
  const auto add = [&](std::string after, std::string before) {
    listings.push_back({.source = std::string(source),
                        .prefix = prefix,
                        .start_after = std::move(after),
                        .end_before = std::move(before)});
  };
  for (const Window& window : windows) {
    const Time hour = std::chrono::floor<std::chrono::hours>(window.begin);
    const Window first{hour, hour + std::chrono::minutes(1)};
    if (hour != window.begin && !overlaps_any(first, windows) && !overlaps_any(first, known)) {
      add(bound_of(prefix, hour), prefix + format_minute(hour, '/'));
    }
    add(bound_of(prefix, window.begin), bound_of(prefix, window.end));
  }
  return listings;
}

/// Windows of another period are known of up to this length; none was ever longer.
constexpr Duration kOtherPeriodMax = std::chrono::hours(7 * 24);

bool ends_before(const std::vector<Window>& windows, Time time) {
  return std::any_of(windows.begin(), windows.end(),
                     [&](const Window& window) { return window.end <= time; });
}

constexpr std::size_t kSpanBytes = 2 * kMinuteBytes + 1;

/// `START-END` as markers have it.
std::optional<Window> parse_span(std::string_view text) {
  if (text.size() != kSpanBytes || text[kMinuteBytes] != '-') return std::nullopt;
  const auto begin = parse_minute(text.substr(0, kMinuteBytes), '-');
  const auto end = parse_minute(text.substr(kMinuteBytes + 1), '-');
  if (!begin || !end || *begin >= *end) return std::nullopt;
  return Window{*begin, *end};
}

}  // namespace

PrioPlanner::PrioPlanner(PrioScan scan, Time now, std::size_t marker_bytes_max)
    : listed_{
          .scan = scan,
          .intake = intake_window(scan, now),
          .windows = aggregation_windows(scan, now),
          .marker_bytes_max = marker_bytes_max,
          .ingestion_files = FileSuffixes("batch"),
          .peer_files = FileSuffixes(scan.side == PrioSide::first ? "validity_1" : "validity_0"),
          .aggregations = {Aggregation{}},
          .batches = {}} {
  ask({.listing = {.source = std::string(kIngestion), .delimiter = "/"}});
}

bool PrioPlanner::looks_at_markers_first() const {
  return listed_.scan.catch_up_from == CatchUpFrom::first_marker && listed_.windows.size() > 1;
}

std::vector<ScanListing> PrioPlanner::listings() {
  // What the last round found comes first: its markers are known now.
  for (std::uint32_t aggregation = 1; aggregation < aggregations_asked_; ++aggregation) {
    Missed& next = missed_[aggregation];
    if (next == Missed::nothing) continue;
    if (next == Missed::evidence && ask_for_evidence(aggregation)) {
      next = Missed::objects;
      continue;
    }
    ask_for_missed(aggregation);
    next = Missed::nothing;
  }
  for (; aggregations_asked_ < listed_.aggregations.size(); ++aggregations_asked_) {
    ask_for(static_cast<std::uint32_t>(aggregations_asked_));
  }
  missed_.resize(aggregations_asked_, Missed::evidence);
  evidence_.resize(aggregations_asked_);
  std::vector<ScanListing> next;
  for (; given_out_ < asked_.size(); ++given_out_) next.push_back(asked_[given_out_].listing);
  return next;
}

std::vector<Window> PrioPlanner::known_windows() const {
  return merged({listed_.windows.back(), listed_.intake});
}

void PrioPlanner::ask_for(std::uint32_t aggregation) {
  const bool markers_first = looks_at_markers_first();
  const std::vector<Window> aggregated =
      markers_first ? std::vector<Window>{listed_.windows.back()} : merged(listed_.windows);
  std::vector<Window> ours = aggregated;
  ours.push_back(listed_.intake);
  ours = merged(std::move(ours));
  ask_for_objects(aggregation, {.ingestion = ours, .intake_markers = ours, .peer = aggregated});
  const std::string prefix =
      std::string(kMarkerPrefix) + "aggregate-" + listed_.aggregations[aggregation].id + "-";
  for (Window window : merged(listed_.windows)) {
    // One of another period may begin before the first and reach into it.
    if (listed_.windows.size() > 1) window.begin -= kOtherPeriodMax;
    ScanListing aggregates = listing_of(kOwn, prefix, window, '-');
    aggregates.wants_times = true;
    ask({std::move(aggregates), Role::aggregate_markers, aggregation});
  }
  if (!markers_first) return;
  auto& windows = listed_.aggregations[aggregation].windows;
  for (std::size_t i = 0; i + 1 < windows.size(); ++i) windows[i].looked_at = false;
}

void PrioPlanner::leave_out_overlapping(std::uint32_t aggregation) {
  Aggregation& state = listed_.aggregations[aggregation];
  for (std::size_t i = 0; i + 1 < state.windows.size(); ++i) {
    WindowState& window = state.windows[i];
    if (window.aggregated_at || !window.parts.empty()) continue;
    window.left_out = overlaps_any(listed_.windows[i], state.others);
    if (window.left_out) window.looked_at = false;
  }
}

bool PrioPlanner::ask_for_evidence(std::uint32_t aggregation) {
  leave_out_overlapping(aggregation);
  const Aggregation& state = listed_.aggregations[aggregation];
  if (!looks_at_markers_first() || state.unlisted.aggregate_markers) return false;
  std::vector<Window> unclear;
  for (std::size_t i = 0; i + 1 < state.windows.size(); ++i) {
    const WindowState& window = state.windows[i];
    const bool marked = window.aggregated_at || !window.parts.empty();
    if (marked || ends_before(state.others, listed_.windows[i].begin)) break;
    if (!window.left_out) unclear.push_back(listed_.windows[i]);
  }
  unclear = without(merged(std::move(unclear)), known_windows());
  if (unclear.empty()) return false;
  const std::size_t first = asked_.size();
  ask_for_objects(aggregation, {.ingestion = {}, .intake_markers = unclear, .peer = {}});
  for (std::size_t i = first; i < asked_.size(); ++i) asked_[i].for_missed = true;
  evidence_[aggregation] = std::move(unclear);
  return true;
}

void PrioPlanner::ask_for_missed(std::uint32_t aggregation) {
  Aggregation& state = listed_.aggregations[aggregation];
  if (!looks_at_markers_first() || state.unlisted.aggregate_markers) return;
  std::vector<Window> missed;
  bool after_marker = false;
  for (std::size_t i = 0; i + 1 < state.windows.size(); ++i) {
    WindowState& window = state.windows[i];
    const Window& span = listed_.windows[i];
    const bool in_service = after_marker || ends_before(state.others, span.begin) ||
                            (state.first_taken_in && *state.first_taken_in < span.end);
    after_marker = after_marker || window.aggregated_at || !window.parts.empty();
    if (window.aggregated_at || window.left_out) continue;
    // Begun and not ended: it is owed whatever came before it.
    if (!in_service && window.parts.empty()) continue;
    window.looked_at = true;
    missed.push_back(span);
  }
  if (missed.empty()) return;
  const std::size_t first = asked_.size();
  missed = merged(std::move(missed));
  // A key is never listed twice: it would be counted twice where it is malformed.
  const std::vector<Window> unknown = without(missed, known_windows());
  ask_for_objects(aggregation, {.ingestion = unknown,
                                .intake_markers = without(unknown, evidence_[aggregation]),
                                .peer = missed});
  for (std::size_t i = first; i < asked_.size(); ++i) asked_[i].for_missed = true;
}

void PrioPlanner::ask_for_objects(std::uint32_t aggregation, const Ranges& ranges) {
  const std::string& id = listed_.aggregations[aggregation].id;
  // Times tell what came too late for an aggregate.
  const Window aggregated{listed_.windows.front().begin, listed_.windows.back().end};
  for (ScanListing& objects :
       listings_of_objects(kIngestion, id + "/", ranges.ingestion, known_windows())) {
    objects.wants_times = objects.start_after < bound_of(id + "/", aggregated.end) &&
                          objects.end_before > bound_of(id + "/", aggregated.begin);
    ask({std::move(objects), Role::ingestion, aggregation});
  }
  for (const Window& window : ranges.intake_markers) {
    ask({listing_of(kOwn, std::string(kMarkerPrefix) + "intake-" + id + "-", window, '-'),
         Role::intake_markers, aggregation});
  }
  for (ScanListing& validations :
       listings_of_objects(kPeer, id + "/", ranges.peer, {listed_.windows.back()})) {
    validations.wants_times = true;
    ask({std::move(validations), Role::peer, aggregation});
  }
}

void PrioPlanner::failed(const ScanListing& listing) {
  const Asked& from = asked(listing);
  Aggregation& aggregation = listed_.aggregations[from.aggregation];
  if (from.for_missed) {
    // The next scan looks at them again; the latest window and the intake are known.
    missed_[from.aggregation] = Missed::nothing;
    for (std::size_t i = 0; i + 1 < aggregation.windows.size(); ++i) {
      aggregation.windows[i].looked_at = false;
    }
    return;
  }
  aggregation.unlisted.ingestion |= from.role == Role::ingestion;
  aggregation.unlisted.peer |= from.role == Role::peer;
  aggregation.unlisted.intake_markers |= from.role == Role::intake_markers;
  aggregation.unlisted.aggregate_markers |= from.role == Role::aggregate_markers;
}

const PrioPlanner::Asked& PrioPlanner::asked(const ScanListing& listing) {
  for (std::size_t tried = 0; tried < asked_.size(); ++tried) {
    if (asked_[latest_].listing == listing) return asked_[latest_];
    latest_ = (latest_ + 1) % asked_.size();
  }
  check_failed(__FILE__, __LINE__, "asked", "keys belong to a listing that the planner asked for");
}

void PrioPlanner::prefix(const ScanListing& listing, std::string_view prefix) {
  if (asked(listing).role != Role::aggregations || prefix == kMarkerPrefix) return;
  // No message, label or file of JSON can hold it, so nothing below it is listed.
  if (!is_utf8(prefix)) return malformed(0, Bucket::ingestion, prefix);
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!known_.emplace(prefix).second) return;
  listed_.aggregations.push_back({.id = std::string(prefix),
                                  .windows = std::vector<WindowState>(listed_.windows.size()),
                                  .unlisted = {},
                                  .malformed = {}});
}

void PrioPlanner::object(const ScanListing& listing, std::string_view key, Time modified_at) {
  if (!listing.holds(key)) return;
  const Asked& from = asked(listing);
  switch (from.role) {
    case Role::aggregations:
      return malformed(from.aggregation, Bucket::ingestion, key);
    case Role::ingestion:
      return batch_file(from, Bucket::ingestion, key, modified_at);
    case Role::peer:
      return batch_file(from, Bucket::peer, key, modified_at);
    case Role::intake_markers:
      return intake_marker(from, key);
    case Role::aggregate_markers:
      return aggregate_marker(from, key, modified_at);
  }
}

void PrioPlanner::batch_file(const Asked& asked, Bucket bucket, std::string_view key,
                             Time modified_at) {
  const auto name = parse_object_name(key);
  if (!name) return malformed(asked.aggregation, bucket, key);
  const bool ours = bucket == Bucket::ingestion;
  const auto file = (ours ? listed_.ingestion_files : listed_.peer_files).split(name->file);
  BatchRecord& record = listed_.batches.at(asked.aggregation, name->time, file.batch_id);
  record.bits |= seen_bit(bucket) | bit_of(bucket, file.part);
  const bool needed = file.part == Part::signature || (ours && file.part != Part::none);
  if (needed) record.ready_at = std::max(record.ready_at, modified_at);
}

void PrioPlanner::malformed(std::uint32_t aggregation, Bucket bucket, std::string_view key) {
  listed_.aggregations[aggregation].malformed.add(key, static_cast<std::uint8_t>(bucket));
}

void PrioPlanner::intake_marker(const Asked& asked, std::string_view key) {
  key.remove_prefix(asked.listing.prefix.size());
  if (key.size() <= kMinuteBytes || key[kMinuteBytes] != '-') return;
  const auto time = parse_minute(key.substr(0, kMinuteBytes), '-');
  if (!time) return;  // not a marker of this aggregation
  std::optional<Time>& first = listed_.aggregations[asked.aggregation].first_taken_in;
  first = std::min(first.value_or(*time), *time);
  listed_.batches.at(asked.aggregation, *time, key.substr(kMinuteBytes + 1)).bits |= kIntakeMarked;
}

void PrioPlanner::aggregate_marker(const Asked& asked, std::string_view key, Time modified_at) {
  key.remove_prefix(asked.listing.prefix.size());
  const auto marked = parse_span(key.substr(0, kSpanBytes));
  if (!marked) return;  // not a marker of this aggregation
  key.remove_prefix(kSpanBytes);
  std::optional<Window> part;
  if (!key.empty()) {
    if (key.starts_with(kPartInfix)) part = parse_span(key.substr(kPartInfix.size()));
    if (!part) return;  // of an aggregation whose id holds a date
  }
  Aggregation& aggregation = listed_.aggregations[asked.aggregation];
  const auto window = std::find(listed_.windows.begin(), listed_.windows.end(), *marked);
  if (window == listed_.windows.end()) {
    aggregation.others.push_back(part.value_or(*marked));
    return;
  }
  auto& state = aggregation.windows[static_cast<std::size_t>(window - listed_.windows.begin())];
  if (part) {
    state.parts.insert(*part);
  } else {
    state.aggregated_at = std::max(state.aggregated_at.value_or(Time{}), modified_at);
  }
}

Plan PrioPlanner::finish() {
  PlanInTurn made = finish_in_turn();
  made.plan.tasks.reserve(made.tasks.size());
  for (std::size_t i = 0; i < made.tasks.size(); ++i) {
    made.plan.tasks.push_back(made.tasks.take(i));
  }
  return std::move(made.plan);
}

PlanInTurn PrioPlanner::finish_in_turn() {
  PlanOfRecords made = make_plan(listed_);
  Plan plan = std::move(made.plan);
  const std::size_t too_large = made.too_large;
  return {.plan = std::move(plan),
          .tasks = PlannedTasks(std::move(listed_), std::move(made)),
          .too_large = too_large};
}

NamedBatch name_of(const Listed& listed, const BatchRecord& record) {
  return {.aggregation_id = listed.aggregations[listed.batches.group(record)].id,
          .time = listed.batches.time(record),
          .id = listed.batches.name(record)};
}

}  // namespace waybill::prio
