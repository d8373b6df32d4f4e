#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace waybill {

/// A task that a scan wants to exist, once.
struct PlannedTask {
  std::string marker;  ///< name of the marker object without `task-markers/`
  Uuid id;             ///< uuid_v5(kTaskNamespace, marker): trace-id and message id
  std::string task;    ///< name of the task definition
  std::string params;  ///< JSON object, the params of the task; for prio the message body
  std::string what;    ///< for people: "intake kittens-seen 2020/10/31/11/30 b8a5579a"
  /// Markers of tasks that would do this one's work with more: where one of them was accepted and
  /// only its marker is missing, this one must not be. run_scan, which has a ledger to ask, sees to
  /// that; publish_tasks cannot. Widest first.
  std::vector<std::string> within{};

  bool operator==(const PlannedTask&) const = default;
};

enum class SkipReason : std::uint8_t {
  malformed_name,  ///< cannot be read as an object of this layout: counted, never stops the rest
  unknown_part,    ///< in a batch's place, but none of its parts
  incomplete,      ///< parts of the batch are missing
  outside_window,
  already_marked,        ///< its marker is there: scheduled before
  quiet_time,            ///< complete, but an object of it changed too recently
  no_peer_validation,    ///< complete, but the peer has not validated it
  late_peer_validation,  ///< validated by the peer after its window was aggregated
  ambiguous_marker,      ///< its marker name belongs to another batch too
  too_large,             ///< its params would be over kParamsBytesMax
};
inline constexpr int kSkipReasonCount = 10;
std::string_view to_string(SkipReason reason);

/// Something that was seen and makes no task in this scan.
struct Skipped {
  std::string what;  ///< object key, or batch
  SkipReason reason = SkipReason::malformed_name;
  std::string detail;  ///< e.g. "missing batch.sig"

  bool operator==(const Skipped&) const = default;
};

/// A marker for several tasks together: written when all of them have theirs.
struct ClosingMarker {
  std::string marker;
  std::vector<std::string> after;  ///< markers of this plan's tasks; empty: all are there already

  bool operator==(const ClosingMarker&) const = default;
};

/// What a scan comes to. A pure function of the objects, the markers and the time: the order in
/// which they were listed does not matter.
struct Plan {
  std::vector<PlannedTask> tasks;  ///< in a total order, intake before aggregation
  std::vector<ClosingMarker> closing;
  std::vector<Skipped> skipped;  ///< sorted; at most kSkippedMax are kept, all are counted
  /// By stable snake_case names, e.g. "ingestions_found"; with a label as
  /// "name{aggregation_id=\"x\"}". All that was skipped, kept above or not, is in
  /// "skipped{reason=\"incomplete\"}".
  std::map<std::string, std::int64_t> counts;
  /// What somebody should look at, in words; a scanner logs each. First comes what is `too_large`.
  /// Of many (WarningList::kKeptMax) the rest is counted in the last.
  std::vector<std::string> warnings;
};
inline constexpr std::size_t kSkippedMax = 10'000;

/// How often `reason` was met, from Plan::counts.
std::int64_t skipped_count(const std::map<std::string, std::int64_t>& counts, SkipReason reason);

/// The name of a count with a label, as Prometheus writes it: `name{label="value"}`.
std::string labelled(std::string_view name, std::string_view label, std::string_view value);
/// The same with one more label.
std::string also_labelled(std::string name, std::string_view label, std::string_view value);
/// The value of a label of such a name; empty if it has none.
std::string label_of(std::string_view name, std::string_view label);

/// What ScanListing::source is called where a scan of batches looks for its markers: the bucket of
/// BatchScan::marker_url. (Prio's are in "own".) No bucket of a scan's definition may have this
/// name.
inline constexpr std::string_view kMarkerSource = "task-markers";

/// A listing that a planner asks for: keys that begin with `prefix`, greater than `start_after`,
/// less than `end_before` (where not empty), folded at `delimiter`. All by bytes.
struct ScanListing {
  std::string source;  ///< name of a bucket in the scan's definition, e.g. "ingestion", "own"
  std::string prefix;
  std::string start_after;
  std::string end_before;
  std::string delimiter;
  bool wants_times = false;  ///< whether `modified_at` matters: a store may save itself the trouble

  bool operator==(const ScanListing&) const = default;
  /// Whether a key is within prefix and bounds.
  bool holds(std::string_view key) const;
};

/// Turns listings into a plan, in rounds: `listings()` says what to list, each key found goes to
/// `object` (or `prefix`), then `listings()` again until it is empty, then `finish()`. Knows no
/// clock and does no I/O. Memory grows with batches, not with objects.
class ScanPlanner {
 public:
  virtual ~ScanPlanner() = default;
  /// What has to be listed next. Empty: all is known.
  virtual std::vector<ScanListing> listings() = 0;
  /// A key that `listing` gave; `modified_at` zero where the store does not say.
  virtual void object(const ScanListing& listing, std::string_view key, Time modified_at) = 0;
  virtual void prefix(const ScanListing& listing, std::string_view prefix) = 0;
  virtual Plan finish() = 0;
};

inline constexpr std::string_view kMarkerPrefix = "task-markers/";

}  // namespace waybill
