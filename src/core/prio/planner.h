#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/batch_table.h"
#include "core/definition.h"
#include "core/prio/object_name.h"
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

/// One aggregation id, and which windows of the scan have their marker: when it was written, zero
/// where the store does not say.
struct Aggregation {
  std::string id;
  std::vector<std::optional<Time>> aggregated_at;
};

/// What a scan is about and what was listed for it.
struct Listed {
  PrioScan scan;
  Window intake;
  std::vector<Window> windows;
  FileSuffixes ingestion_files;
  FileSuffixes peer_files;
  /// The first stands for names outside any aggregation.
  std::vector<Aggregation> aggregations;
  BatchTable batches;
};

/// The plan of what was listed. Ends the use of `listed.batches`.
Plan make_plan(Listed& listed);

/// workflow-manager's rules, without its defects: Round 1 lists the
/// aggregation ids; round 2, for each, the ingestion and marker keys of the intake window and of
/// the aggregation windows, and the peer's keys of the latter, by key ranges. Keys beyond the
/// bounds of their listing are passed over.
class PrioPlanner final : public ScanPlanner {
 public:
  PrioPlanner(PrioScan scan, Time now);

  std::vector<ScanListing> listings() override;
  void object(const ScanListing& listing, std::string_view key, Time modified_at) override;
  void prefix(const ScanListing& listing, std::string_view prefix) override;
  Plan finish() override;

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
  };

  void ask(Asked asked) { asked_.push_back(std::move(asked)); }
  void ask_for(std::uint32_t aggregation);
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
};

}  // namespace waybill::prio
