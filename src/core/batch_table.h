#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace waybill {

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

/// What a planner knows of one batch. A name that is no batch's has the time kTimeMax.
struct BatchRecord {
  Time time{};
  Time ready_at{};  ///< when an object that it needs last changed; zero: not told
  NameArena::Place name;
  std::uint32_t hash = 0;
  std::uint32_t group = 0;  ///< aggregation or source: the planner's own number
  std::uint32_t bits = 0;   ///< what was seen of it: the planner's own meaning

  bool is_batch() const { return time != kTimeMax; }
};

/// The batches of a scan by (group, time, name): 40 bytes, the name and 8 to 16 bytes of index
/// each.
class BatchTable {
 public:
  /// The batch's record, made if it is not there yet. Valid until the table goes.
  BatchRecord& at(std::uint32_t group, Time time, std::string_view name);

  std::string_view name(const BatchRecord& record) const { return names_.at(record.name); }

  /// All records, by `rank[group]`, time and name. Ends the making of records: memory that only
  /// served to find them is given back.
  std::vector<const BatchRecord*> sorted(const std::vector<std::uint32_t>& rank);

 private:
  void grow();

  NameArena names_;
  std::deque<BatchRecord> records_;
  std::vector<std::uint32_t> slots_;  // open addressing: index into records_ + 1, 0 is free
};

}  // namespace waybill
