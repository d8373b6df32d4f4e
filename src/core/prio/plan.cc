#include <algorithm>
#include <map>
#include <numeric>
#include <span>

#include "core/prio/message.h"
#include "core/prio/planner.h"
#include "core/prio/words.h"
#include "core/skip_tally.h"
#include "core/task.h"
#include "core/warning_list.h"

namespace waybill::prio {
namespace {

constexpr std::size_t kPartMarkerBytes = kPartInfix.size() + 2 * kMinuteBytes + 1;

/// What is counted for one aggregation id. Those of the first kind are there even if zero, as
/// workflow-manager has it.
struct Counters {
  std::int64_t ingestions = 0;
  std::int64_t incomplete_ingestions = 0;
  std::int64_t aggregate_ingestions = 0;
  std::int64_t aggregate_incomplete_ingestions = 0;
  std::int64_t peer_validations = 0;
  std::int64_t incomplete_peer_validations = 0;

  std::int64_t without_marker = 0;  // since no marker could have its name
  std::int64_t intake_tasks = 0;
  std::int64_t intake_tasks_skipped = 0;
  std::int64_t aggregation_tasks = 0;
  std::int64_t aggregation_tasks_skipped = 0;
  std::int64_t aggregated_batches = 0;
  std::int64_t aggregated_without_intake = 0;
  std::map<std::uint32_t, std::int64_t> late_peer_validations;  // by window

  void write(Plan& plan, const Listed& listed, const Aggregation& aggregation) const {
    const std::string_view aggregation_id = aggregation.id;
    const auto put = [&](std::string_view name, std::int64_t value) {
      plan.counts[labelled(name, "aggregation_id", aggregation_id)] = value;
    };
    const auto put_some = [&](std::string_view name, std::int64_t value) {
      if (value != 0) put(name, value);
    };
    if (!aggregation.unlisted.ingestion) {
      put("ingestions_found", ingestions);
      put("incomplete_ingestions_found", incomplete_ingestions);
      put("aggregate_ingestions_found", aggregate_ingestions);
      put("aggregate_incomplete_ingestions_found", aggregate_incomplete_ingestions);
    }
    if (!aggregation.unlisted.peer) {
      put("peer_validations_found", peer_validations);
      put("incomplete_peer_validations_found", incomplete_peer_validations);
    }
    put_some("malformed_names_found", aggregation.malformed.count() + without_marker);
    put_some("intake_tasks_scheduled", intake_tasks);
    put_some("intake_tasks_skipped_due_to_marker", intake_tasks_skipped);
    put_some("aggregation_tasks_scheduled", aggregation_tasks);
    put_some("aggregation_tasks_skipped_due_to_marker", aggregation_tasks_skipped);
    put_some("number_of_batches_in_aggregation", aggregated_batches);
    put_some("aggregated_without_intake", aggregated_without_intake);
    for (const auto& [window, count] : late_peer_validations) {
      const std::string name =
          labelled("late_peer_validations_found", "aggregation_id", aggregation_id);
      plan.counts[also_labelled(name, "window", span_text(listed.windows[window]))] = count;
    }
  }
};

/// Goes once through the records in their order and writes the plan.
class PlanMaker {
 public:
  explicit PlanMaker(Listed& listed) : listed_(listed) {}

  PlanOfRecords make();

 private:
  using Records = std::span<const BatchRecord* const>;
  /// Of the table, as they are sorted.
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  NamedBatch name_of(const BatchRecord& record) const { return prio::name_of(listed_, record); }
  Time time_of(const BatchRecord& record) const { return listed_.batches.time(record); }
  /// The window that holds a time; kNoWindow if there is none, or it was not looked at.
  std::uint32_t window_at(std::uint32_t aggregation, Time time) const;

  void plan_aggregation(std::uint32_t aggregation, const Range& range);
  void tell_left_out(const Aggregation& aggregation);
  void tell_malformed(const Aggregation& aggregation);
  void look_at(std::size_t index);
  void look_at_in_window(const BatchRecord& record, std::uint32_t window);
  void plan_intake(std::size_t index);
  void close_window(std::uint32_t aggregation, std::uint32_t window);
  void plan_window(std::uint32_t aggregation, std::uint32_t window);
  /// False if its message is too large.
  bool plan_aggregate(PlannedTask task, std::uint32_t aggregation, const Window& part);
  /// Those of the window in hand.
  Records batches_in(const Window& part) const;
  PlannedTask task_of(std::uint32_t aggregation, const Window& whole, const Window& part) const;

  Listed& listed_;
  Plan plan_;
  std::vector<std::uint32_t> intakes_;
  std::vector<PlannedTask> aggregates_;
  WarningList too_large_;
  WarningList warnings_;
  SkipTally<SkipSubject> skips_;
  std::map<std::string, const BatchRecord*> ambiguous_;  // by marker: the first that has it
  Counters counters_;                                    // of the aggregation in hand
  std::vector<const BatchRecord*> validated_;            // complete, of the window in hand
};

PlanOfRecords PlanMaker::make() {
  // workflow-manager takes aggregation ids in the order of a listing: by `ID/`.
  std::vector<std::uint32_t> by_id(listed_.aggregations.size());
  std::iota(by_id.begin(), by_id.end(), 0);
  std::sort(by_id.begin() + 1, by_id.end(), [&](std::uint32_t a, std::uint32_t b) {
    return listed_.aggregations[a].id + '/' < listed_.aggregations[b].id + '/';
  });
  std::vector<std::uint32_t> rank(by_id.size());
  for (std::uint32_t i = 0; i < by_id.size(); ++i) rank[by_id[i]] = i;

  const BatchTable& batches = listed_.batches;
  listed_.batches.sort(rank);
  std::size_t done = 0;
  for (const std::uint32_t aggregation : by_id) {
    std::size_t end = done;
    while (end < batches.size() && batches.group(batches[end]) == aggregation) ++end;
    plan_aggregation(aggregation, {.begin = done, .end = end});
    done = end;
  }
  too_large_.write(plan_.warnings);
  const std::size_t too_large = plan_.warnings.size();
  warnings_.write(plan_.warnings);
  skips_.write(plan_, [&](SkipReason reason, const SkipSubject& subject) {
    return describe(listed_, reason, subject);
  });
  return {.plan = std::move(plan_),
          .too_large = too_large,
          .intakes = std::move(intakes_),
          .aggregates = std::move(aggregates_)};
}

std::uint32_t PlanMaker::window_at(std::uint32_t aggregation, Time time) const {
  // Windows follow one another without a gap.
  const Window& first = listed_.windows.front();
  if (time < first.begin || time >= listed_.windows.back().end) return kNoWindow;
  const auto window = static_cast<std::uint32_t>((time - first.begin) / (first.end - first.begin));
  const auto& windows = listed_.aggregations[aggregation].windows;
  return window < windows.size() && windows[window].looked_at ? window : kNoWindow;
}

void PlanMaker::plan_aggregation(std::uint32_t aggregation, const Range& range) {
  counters_ = {};
  std::uint32_t window = kNoWindow;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const BatchRecord& record = listed_.batches[i];
    const std::uint32_t next = window_at(aggregation, time_of(record));
    if (next != window) close_window(aggregation, window);
    window = next;
    look_at(i);
    if (window != kNoWindow) look_at_in_window(record, window);
  }
  close_window(aggregation, window);
  tell_left_out(listed_.aggregations[aggregation]);
  tell_malformed(listed_.aggregations[aggregation]);
  const bool outside_all = aggregation == 0;
  if (!outside_all) counters_.write(plan_, listed_, listed_.aggregations[aggregation]);
}

void PlanMaker::tell_left_out(const Aggregation& aggregation) {
  for (std::size_t i = 0; i < aggregation.windows.size(); ++i) {
    const Window& window = listed_.windows[i];
    // With all of its minutes in other sums nothing is missing.
    if (!aggregation.windows[i].left_out || without({window}, merged(aggregation.others)).empty()) {
      continue;
    }
    warnings_.add(left_out_warning(aggregation, window));
  }
}

void PlanMaker::tell_malformed(const Aggregation& aggregation) {
  const NameSample& names = aggregation.malformed;
  for (const NameSample::Name& name : names.kept()) {
    skips_.add(SkipReason::malformed_name, {.malformed = &name});
  }
  const std::int64_t more = names.count() - static_cast<std::int64_t>(names.kept().size());
  if (more == 0) return;
  skips_.add_unnamed(SkipReason::malformed_name, more);
  warnings_.add(malformed_warning(aggregation));
}

void PlanMaker::look_at(std::size_t index) {
  const BatchRecord& record = listed_.batches[index];
  if (!seen_in(record, Bucket::ingestion)) return;
  const bool in_intake = listed_.intake.contains(time_of(record));
  if (in_intake) ++(is_complete(record) ? counters_.ingestions : counters_.incomplete_ingestions);
  if (!is_complete(record)) {
    const bool unknown = has_no_part(record, Bucket::ingestion);
    return skips_.add(unknown ? SkipReason::unknown_part : SkipReason::incomplete,
                      {.record = &record});
  }
  if (in_intake) plan_intake(index);
}

void PlanMaker::plan_intake(std::size_t index) {
  const BatchRecord& record = listed_.batches[index];
  if (listed_.aggregations[listed_.batches.group(record)].unlisted.hinders_intake()) return;
  const NamedBatch batch = name_of(record);
  if (prio::intake_marker(batch).size() > listed_.marker_bytes_max) {
    ++counters_.without_marker;
    return skips_.add(SkipReason::malformed_name, {.record = &record});
  }
  if (has_ambiguous_marker(batch)) {
    const auto [owner, first] = ambiguous_.emplace(prio::intake_marker(batch), &record);
    if (!first || has(record, kIntakeMarked)) {
      ++counters_.intake_tasks_skipped;
      skips_.add(SkipReason::ambiguous_marker, {.record = &record});
      warnings_.add(ambiguity_warning(batch, name_of(*owner->second)));
      return;
    }
  }
  if (has(record, kIntakeMarked)) {
    ++counters_.intake_tasks_skipped;
    return skips_.add(SkipReason::already_marked, {.record = &record});
  }
  ++counters_.intake_tasks;
  intakes_.push_back(static_cast<std::uint32_t>(index));
}

void PlanMaker::look_at_in_window(const BatchRecord& record, std::uint32_t window) {
  const bool ingested = seen_in(record, Bucket::ingestion);
  if (ingested) {
    ++(is_complete(record) ? counters_.aggregate_ingestions
                           : counters_.aggregate_incomplete_ingestions);
  }
  if (seen_in(record, Bucket::peer)) {
    ++(is_validated(record) ? counters_.peer_validations : counters_.incomplete_peer_validations);
  }
  const SkipSubject subject{.record = &record, .window = window};
  if (is_complete(record)) {
    if (is_validated(record)) return validated_.push_back(&record);
    return skips_.add(SkipReason::no_peer_validation, subject);
  }
  if (!ingested && seen_in(record, Bucket::peer)) {
    const bool unknown = has_no_part(record, Bucket::peer);
    skips_.add(unknown ? SkipReason::unknown_part : SkipReason::incomplete, subject);
  }
}

void PlanMaker::close_window(std::uint32_t aggregation, std::uint32_t window) {
  if (listed_.aggregations[aggregation].unlisted.hinders_aggregation()) validated_.clear();
  if (validated_.empty()) return;
  const auto& aggregated_at = listed_.aggregations[aggregation].windows[window].aggregated_at;
  if (!aggregated_at) {
    plan_window(aggregation, window);
  } else {
    ++counters_.aggregation_tasks_skipped;
    skips_.add(SkipReason::already_marked, {.aggregation = aggregation, .window = window});
    for (const BatchRecord* record : validated_) {
      if (*aggregated_at == Time{} || record->ready_at <= *aggregated_at) continue;
      ++counters_.late_peer_validations[window];
      skips_.add(SkipReason::late_peer_validation, {.record = record, .window = window});
    }
  }
  validated_.clear();
}

void PlanMaker::plan_window(std::uint32_t aggregation, std::uint32_t window) {
  const Window& whole = listed_.windows[window];
  const Windows& done = listed_.aggregations[aggregation].windows[window].parts;
  const std::size_t bytes_max = listed_.scan.aggregate_bytes_max;
  const bool splits = listed_.scan.oversized == OversizedAggregation::split;
  const auto fits = [&](const Window& part) {
    return !splits || task_of(aggregation, whole, part).params.size() <= bytes_max;
  };
  const std::vector<Window> parts = parts_of(whole, done, fits);
  ClosingMarker closing{.marker = prio::aggregate_marker(listed_.aggregations[aggregation].id,
                                                         whole.begin, whole.end),
                        .after = {}};
  const bool is_one = parts.size() == 1 && parts[0] == whole;
  if (closing.marker.size() + (is_one ? 0 : kPartMarkerBytes) > listed_.marker_bytes_max) {
    ++counters_.without_marker;
    return skips_.add(SkipReason::malformed_name, {.aggregation = aggregation, .window = window});
  }
  bool all_planned = true;
  for (const Window& part : parts) {
    if (batches_in(part).empty()) continue;
    PlannedTask task = task_of(aggregation, whole, part);
    closing.after.push_back(task.marker);
    all_planned = plan_aggregate(std::move(task), aggregation, part) && all_planned;
  }
  const Aggregation& state = listed_.aggregations[aggregation];
  if (!closing.after.empty() && overlaps_any(whole, state.others)) {
    warnings_.add(overlap_warning(state, whole));
  }
  if (!is_one && all_planned) plan_.closing.push_back(std::move(closing));
}

PlanMaker::Records PlanMaker::batches_in(const Window& part) const {
  const auto begin =
      std::find_if(validated_.begin(), validated_.end(),
                   [&](const BatchRecord* record) { return time_of(*record) >= part.begin; });
  const auto end = std::find_if(begin, validated_.end(), [&](const BatchRecord* record) {
    return time_of(*record) >= part.end;
  });
  return Records(validated_)
      .subspan(static_cast<std::size_t>(begin - validated_.begin()),
               static_cast<std::size_t>(end - begin));
}

PlannedTask PlanMaker::task_of(std::uint32_t aggregation, const Window& whole,
                               const Window& part) const {
  AggregateMessage message{.trace_id = {},
                           .aggregation_id = listed_.aggregations[aggregation].id,
                           .begin = part.begin,
                           .end = part.end,
                           .batches = {}};
  for (const BatchRecord* record : batches_in(part)) {
    message.batches.push_back({.id = listed_.batches.name(*record), .time = time_of(*record)});
  }
  return aggregate_task(message, whole, listed_.scan.aggregate_task);
}

bool PlanMaker::plan_aggregate(PlannedTask task, std::uint32_t aggregation, const Window& part) {
  const Records batches = batches_in(part);
  if (task.params.size() > listed_.scan.aggregate_bytes_max) {
    too_large_.add(size_warning(task, batches.size(), listed_.scan));
    skips_.add(SkipReason::too_large,
               {.aggregation = aggregation, .window = window_at(aggregation, part.begin)});
    return false;
  }
  // Nobody can tell while the markers are not known.
  const bool markers_known = !listed_.aggregations[aggregation].unlisted.intake_markers;
  const auto never_taken_in = [&](const BatchRecord* record) {
    return !has(*record, kIntakeMarked) && !listed_.intake.contains(time_of(*record));
  };
  const std::int64_t without_intake =
      markers_known ? std::count_if(batches.begin(), batches.end(), never_taken_in) : 0;
  if (without_intake > 0) {
    warnings_.add(intake_warning(task, without_intake, batches.size()));
  }
  ++counters_.aggregation_tasks;
  counters_.aggregated_without_intake += without_intake;
  counters_.aggregated_batches += static_cast<std::int64_t>(batches.size());
  aggregates_.push_back(std::move(task));
  return true;
}

}  // namespace

PlanOfRecords make_plan(Listed& listed) { return PlanMaker(listed).make(); }

}  // namespace waybill::prio
