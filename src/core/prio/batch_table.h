#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace waybill::prio {

/// Where something was seen.
enum class Bucket : std::uint8_t { ingestion = 0, peer = 1 };

/// Names kept one after another in big blocks: no allocation each, none moved when more come.
class NameArena {
 public:
  struct Place {
    std::uint32_t block = 0;
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  Place add(std::string_view name);
  /// Valid as long as the arena.
  std::string_view at(const Place& place) const;

 private:
  std::vector<std::string> blocks_;
};

/// All that was listed of one batch, or one name that is none (`time` is kTimeMax then).
struct BatchRecord {
  Time time{};
  Time ready_at{};  ///< when a file that it needs last changed; zero: not told
  NameArena::Place name;
  std::uint32_t hash = 0;
  std::uint32_t aggregation = 0;
  std::uint8_t seen = 0;       ///< bit per Bucket: some file is there
  std::uint8_t parts[2] = {};  ///< bits of Part, per Bucket
  bool intake_marked = false;

  bool seen_in(Bucket bucket) const { return (seen >> static_cast<int>(bucket) & 1) != 0; }
  std::uint8_t parts_in(Bucket bucket) const { return parts[static_cast<int>(bucket)]; }
};

/// The batches of a scan by (aggregation, time, name), about 48 bytes and the name each.
class BatchTable {
 public:
  /// The batch's record, made if it is not there yet. Valid until the table goes.
  BatchRecord& at(std::uint32_t aggregation, Time time, std::string_view name);

  std::string_view name(const BatchRecord& record) const { return names_.at(record.name); }

  /// All records, by `rank[aggregation]`, time and name. Ends the making of records: memory that
  /// only served to find them is given back.
  std::vector<const BatchRecord*> sorted(const std::vector<std::uint32_t>& rank);

 private:
  void grow();

  NameArena names_;
  std::deque<BatchRecord> records_;
  std::vector<std::uint32_t> slots_;  // open addressing: index into records_ + 1, 0 is free
};

}  // namespace waybill::prio
