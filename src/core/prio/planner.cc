#include "core/prio/planner.h"

#include <algorithm>

#include "base/check.h"

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

}  // namespace

PrioPlanner::PrioPlanner(PrioScan scan, Time now)
    : listed_{
          .scan = scan,
          .intake = intake_window(scan, now),
          .windows = aggregation_windows(scan, now),
          .ingestion_files = FileSuffixes("batch"),
          .peer_files = FileSuffixes(scan.side == PrioSide::first ? "validity_1" : "validity_0"),
          .aggregations = {Aggregation{}},
          .batches = {}} {
  ask({.listing = {.source = std::string(kIngestion), .delimiter = "/"}});
}

std::vector<ScanListing> PrioPlanner::listings() {
  for (; aggregations_asked_ < listed_.aggregations.size(); ++aggregations_asked_) {
    ask_for(static_cast<std::uint32_t>(aggregations_asked_));
  }
  std::vector<ScanListing> next;
  for (; given_out_ < asked_.size(); ++given_out_) next.push_back(asked_[given_out_].listing);
  return next;
}

void PrioPlanner::ask_for(std::uint32_t aggregation) {
  const std::string& id = listed_.aggregations[aggregation].id;
  const std::string markers(kMarkerPrefix);
  const std::vector<Window> aggregated = merged(listed_.windows);
  std::vector<Window> all = aggregated;
  all.push_back(listed_.intake);
  for (const Window& window : merged(std::move(all))) {
    ScanListing objects = listing_of(kIngestion, id + "/", window, '/');
    // Times tell what came too late for an aggregate.
    objects.wants_times =
        window.begin < listed_.windows.back().end && window.end > listed_.windows.front().begin;
    ask({std::move(objects), Role::ingestion, aggregation});
    ask({listing_of(kOwn, markers + "intake-" + id + "-", window, '-'), Role::intake_markers,
         aggregation});
  }
  for (const Window& window : aggregated) {
    ScanListing validations = listing_of(kPeer, id + "/", window, '/');
    ScanListing aggregates = listing_of(kOwn, markers + "aggregate-" + id + "-", window, '-');
    validations.wants_times = aggregates.wants_times = true;
    ask({std::move(validations), Role::peer, aggregation});
    ask({std::move(aggregates), Role::aggregate_markers, aggregation});
  }
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
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!known_.emplace(prefix).second) return;
  listed_.aggregations.push_back(
      {.id = std::string(prefix),
       .aggregated_at = std::vector<std::optional<Time>>(listed_.windows.size())});
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
  listed_.batches.at(aggregation, kTimeMax, key).bits |= seen_bit(bucket);
}

void PrioPlanner::intake_marker(const Asked& asked, std::string_view key) {
  key.remove_prefix(asked.listing.prefix.size());
  if (key.size() <= kMinuteBytes || key[kMinuteBytes] != '-') return;
  const auto time = parse_minute(key.substr(0, kMinuteBytes), '-');
  if (!time) return;  // not a marker of this aggregation
  listed_.batches.at(asked.aggregation, *time, key.substr(kMinuteBytes + 1)).bits |= kIntakeMarked;
}

void PrioPlanner::aggregate_marker(const Asked& asked, std::string_view key, Time modified_at) {
  key.remove_prefix(asked.listing.prefix.size());
  if (key.size() != 2 * kMinuteBytes + 1 || key[kMinuteBytes] != '-') return;
  const auto begin = parse_minute(key.substr(0, kMinuteBytes), '-');
  const auto end = parse_minute(key.substr(kMinuteBytes + 1), '-');
  if (!begin || !end) return;  // not a marker of this aggregation
  const auto window =
      std::find(listed_.windows.begin(), listed_.windows.end(), Window{*begin, *end});
  if (window == listed_.windows.end()) return;  // of another period
  auto& at = listed_.aggregations[asked.aggregation]
                 .aggregated_at[static_cast<std::size_t>(window - listed_.windows.begin())];
  at = std::max(at.value_or(Time{}), modified_at);
}

Plan PrioPlanner::finish() { return make_plan(listed_); }

}  // namespace waybill::prio
