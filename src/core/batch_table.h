#pragma once

#include <array>
#include <cstddef>
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

/// Finds the numbers 0, 1, 2 … again by what they stand for: 6 to 12 bytes each.
class NumberIndex {
 public:
  /// The number whose hash is `hash` and for which `is(number)` holds, else the next one, which is
  /// found from now on. `hash_of(number)` is asked of numbers given out before.
  template <class Is, class HashOf>
  std::uint32_t find_or_add(std::uint32_t hash, const Is& is, const HashOf& hash_of) {
    if ((std::size_t{size_} + 1) * 3 > slots_.size() * 2) grow(hash_of);
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
    for (; slots_[i] != 0; i = (i + 1) & mask) {
      if (is(slots_[i] - 1)) return slots_[i] - 1;
    }
    slots_[i] = ++size_;
    return size_ - 1;
  }

 private:
  template <class HashOf>
  void grow(const HashOf& hash_of) {
    slots_ = std::vector<std::uint32_t>(slots_.empty() ? 1024 : slots_.size() * 2);
    const std::size_t mask = slots_.size() - 1;
    for (std::uint32_t number = 0; number < size_; ++number) {
      std::size_t i = hash_of(number) & mask;
      while (slots_[i] != 0) i = (i + 1) & mask;
      slots_[i] = number + 1;
    }
  }

  std::vector<std::uint32_t> slots_;  // open addressing: number + 1, 0 is free
  std::uint32_t size_ = 0;
};

/// What a planner knows of one batch; the table tells its group, time and name.
struct BatchRecord {
  Time ready_at{};  ///< when an object that it needs last changed; zero: not told
  std::array<std::uint8_t, 16> name{};  ///< the UUID, or where its text is
  std::uint32_t place : 31 = 0;
  std::uint32_t is_uuid : 1 = 0;
  std::uint32_t bits = 0;  ///< what was seen of it: the planner's own meaning
};
static_assert(sizeof(BatchRecord) == 32);

/// The batches of a scan by (group, time, name): 32 bytes and 6 to 12 of index each, and the name
/// where it is not a UUID as they are usually written; 22 to 28 for each group and time.
class BatchTable {
 public:
  /// The batch's record, made if it is not there yet. Valid until they are sorted. A name that is
  /// no batch's has the time kTimeMax. `group` is the planner's own number.
  BatchRecord& at(std::uint32_t group, Time time, std::string_view name);

  std::uint32_t group(const BatchRecord& record) const { return places_[record.place].group; }
  Time time(const BatchRecord& record) const { return places_[record.place].time; }
  std::string name(const BatchRecord& record) const;
  bool is_batch(const BatchRecord& record) const { return time(record) != kTimeMax; }

  /// Puts the records in order: by `rank[group]`, time and name. Ends the making of records: memory
  /// that only served to find them is given back.
  void sort(const std::vector<std::uint32_t>& rank);
  std::size_t size() const { return records_.size(); }
  /// By their order; valid until the table goes.
  const BatchRecord& operator[](std::size_t i) const { return records_[i]; }

 private:
  struct Place {
    std::uint32_t group = 0;
    Time time{};
  };

  std::uint32_t place_of(std::uint32_t group, Time time);
  std::string_view text_of(const BatchRecord& record) const;
  bool is_before(const BatchRecord& a, const BatchRecord& b) const;

  NameArena names_;
  std::vector<Place> places_;
  NumberIndex place_index_;
  std::deque<BatchRecord> records_;
  NumberIndex record_index_;
  std::uint32_t latest_place_ = 0;  // keys come listing by listing
};

}  // namespace waybill
