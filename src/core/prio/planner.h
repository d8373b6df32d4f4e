#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/batch_table.h"
#include "core/definition.h"
#include "core/name_sample.h"
#include "core/prio/object_name.h"
#include "core/prio/split.h"
#include "core/prio/window.h"
#include "core/scan_plan.h"

namespace waybill::prio {

/// Where something of a batch was seen.
enum class Bucket : std::uint8_t { ingestion = 0, peer = 1 };

/// The bits of a BatchRecord: for each bucket the parts that are there and that anything is, and
/// whether the batch's intake marker is there.
constexpr std::uint32_t bit_of(Bucket bucket, Part part) {
  return static_cast<std::uint32_t>(part) << (4 * static_cast<int>(bucket));
}
constexpr std::uint32_t seen_bit(Bucket bucket) { return 8U << (4 * static_cast<int>(bucket)); }
inline constexpr std::uint32_t kIntakeMarked = 1U << 8;

inline bool has(const BatchRecord& record, std::uint32_t bits) {
  return (record.bits & bits) == bits;
}
/// Some object of it is there, if only of an unknown part.
inline bool seen_in(const BatchRecord& record, Bucket bucket) {
  return has(record, seen_bit(bucket));
}
inline bool has_no_part(const BatchRecord& record, Bucket bucket) {
  return (record.bits >> (4 * static_cast<int>(bucket)) & 7U) == 0;
}
inline bool is_complete(const BatchRecord& record) {
  return has(record, bit_of(Bucket::ingestion, Part::header) |
                         bit_of(Bucket::ingestion, Part::packets) |
                         bit_of(Bucket::ingestion, Part::signature));
}
inline bool is_validated(const BatchRecord& record) {
  return has(record, bit_of(Bucket::peer, Part::signature));
}

/// What of an aggregation could not be listed: what depends on it is not planned.
struct Unlisted {
  bool ingestion = false;
  bool peer = false;
  bool intake_markers = false;
  bool aggregate_markers = false;

  bool hinders_intake() const { return ingestion || intake_markers; }
  bool hinders_aggregation() const { return ingestion || peer || aggregate_markers; }
};

/// A window of one aggregation.
struct WindowState {
  /// When its marker was written, zero where the store does not say; none: it has no marker.
  std::optional<Time> aggregated_at;
  bool looked_at = true;   ///< else it is not owed, and was not listed
  bool left_out = false;   ///< it is not looked at because it shares minutes with one of `others`
  Windows parts;          ///< of it that have their marker
};

struct Aggregation {
  std::string id;
  std::vector<WindowState> windows;  ///< as Listed::windows
  /// What was aggregated in windows that are none of these: with another period. Some end before
  /// the first window.
  std::vector<Window> others{};
  std::optional<Time> first_taken_in{};  ///< of the batches whose intake marker was seen
  Unlisted unlisted;
  NameSample malformed;  ///< of a Bucket each
};

/// What a scan is about and what was listed for it.
struct Listed {
  PrioScan scan;
  Window intake;
  std::vector<Window> windows;
  std::size_t marker_bytes_max = kMarkerBytesMax;
  FileSuffixes ingestion_files;
  FileSuffixes peer_files;
  /// The first stands for names outside any aggregation.
  std::vector<Aggregation> aggregations;
  BatchTable batches;
};

/// What tells one batch from another, with the text of its id.
struct NamedBatch {
  std::string_view aggregation_id;
  Time time{};
  std::string id;

  operator BatchName() const {
    return {.aggregation_id = aggregation_id, .time = time, .batch_id = id};
  }
};
NamedBatch name_of(const Listed& listed, const BatchRecord& record);

/// A plan whose intakes are still records.
struct PlanOfRecords {
  Plan plan;                           ///< without tasks
  std::size_t too_large = 0;           ///< so many of its warnings, from the first, are of that
  std::vector<std::uint32_t> intakes;  ///< in Listed::batches, as they are sorted
  std::vector<PlannedTask> aggregates;
};

/// The plan of what was listed. Ends the making of records in `listed.batches`.
PlanOfRecords make_plan(Listed& listed);

struct PlanInTurn;

/// workflow-manager's rules, without its defects: Round 1 lists the
/// aggregation ids; round 2, for each, the ingestion and marker keys of the intake window and of
/// the aggregation windows, and the peer's keys of the latter, by key ranges. With
/// CatchUpFrom::first_marker the keys of windows before the latest are asked for in round 4, and
/// only of those that are owed; round 3 looks for intake markers where no aggregate marker tells
/// whether they are. Keys beyond the bounds of their listing are passed over.
///
/// A window before the latest is never owed where a marker of another window, of another period,
/// shares minutes with it: its batches would be added up twice.
class PrioPlanner final : public ScanPlanner {
 public:
  /// `marker_bytes_max`: no marker's name is longer than that; what would have a longer one is
  /// skipped as a malformed name.
  PrioPlanner(PrioScan scan, Time now, std::size_t marker_bytes_max = kMarkerBytesMax);

  std::vector<ScanListing> listings() override;
  void object(const ScanListing& listing, std::string_view key, Time modified_at) override;
  void prefix(const ScanListing& listing, std::string_view prefix) override;
  /// A listing that could not be had whole: whatever depends on it is not planned.
  void failed(const ScanListing& listing);
  Plan finish() override;
  /// The same plan, whose tasks are made one after another. Ends the use of this planner.
  PlanInTurn finish_in_turn();

 private:
  enum class Role : std::uint8_t {
    aggregations,
    ingestion,
    peer,
    intake_markers,
    aggregate_markers
  };
  struct Asked {
    ScanListing listing;
    Role role = Role::aggregations;
    std::uint32_t aggregation = 0;
    bool for_missed = false;  // windows before the latest, asked for when their markers are known
  };

  void ask(Asked asked) { asked_.push_back(std::move(asked)); }
  /// What of missed windows is asked for next, by aggregation.
  enum class Missed : std::uint8_t { evidence, objects, nothing };
  /// Whose keys are asked for.
  struct Ranges {
    std::vector<Window> ingestion;
    std::vector<Window> intake_markers;
    std::vector<Window> peer;
  };

  void ask_for(std::uint32_t aggregation);
  /// Where nobody can tell by aggregate markers whether somebody was at work. False: there is
  /// nothing to ask.
  bool ask_for_evidence(std::uint32_t aggregation);
  void ask_for_missed(std::uint32_t aggregation);
  void ask_for_objects(std::uint32_t aggregation, const Ranges& ranges);
  void leave_out_overlapping(std::uint32_t aggregation);
  bool looks_at_markers_first() const;
  /// What round 2 asks for anyway: no key is listed twice.
  std::vector<Window> known_windows() const;
  const Asked& asked(const ScanListing& listing);
  void batch_file(const Asked& asked, Bucket bucket, std::string_view key, Time modified_at);
  void malformed(std::uint32_t aggregation, Bucket bucket, std::string_view key);
  void intake_marker(const Asked& asked, std::string_view key);
  void aggregate_marker(const Asked& asked, std::string_view key, Time modified_at);

  Listed listed_;
  std::vector<Asked> asked_;
  std::size_t given_out_ = 0;                 // of asked_
  std::size_t latest_ = 0;                    // index into asked_: keys come listing by listing
  std::set<std::string, std::less<>> known_;  // aggregation ids
  std::size_t aggregations_asked_ = 1;
  std::vector<Missed> missed_;                        // by aggregation
  std::vector<std::vector<Window>> evidence_;         // by aggregation: what was asked for
};

}  // namespace waybill::prio
