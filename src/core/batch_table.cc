#include "core/batch_table.h"

#include <algorithm>
#include <functional>

namespace waybill {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;

std::uint32_t hash_of(std::uint32_t group, Time time, std::string_view name) {
  std::uint64_t hash = std::hash<std::string_view>{}(name);
  hash ^= static_cast<std::uint64_t>(to_micros(time)) * 0x9e3779b97f4a7c15ULL;
  hash = (hash ^ group) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

NameArena::Place NameArena::add(std::string_view name) {
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < name.size()) {
    blocks_.emplace_back().reserve(std::max(kBlockBytes, name.size()));
  }
  std::string& block = blocks_.back();
  const Place place{.block = static_cast<std::uint32_t>(blocks_.size() - 1),
                    .offset = static_cast<std::uint32_t>(block.size()),
                    .size = static_cast<std::uint32_t>(name.size())};
  block += name;
  return place;
}

std::string_view NameArena::at(const Place& place) const {
  return std::string_view(blocks_[place.block]).substr(place.offset, place.size);
}

BatchRecord& BatchTable::at(std::uint32_t group, Time time, std::string_view name) {
  if ((records_.size() + 1) * 2 > slots_.size()) grow();
  const std::uint32_t hash = hash_of(group, time, name);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    if (slots_[i] == 0) {
      slots_[i] = static_cast<std::uint32_t>(records_.size() + 1);
      records_.push_back({.time = time, .name = names_.add(name), .hash = hash, .group = group});
      return records_.back();
    }
    BatchRecord& record = records_[slots_[i] - 1];
    if (record.hash == hash && record.group == group && record.time == time &&
        names_.at(record.name) == name) {
      return record;
    }
  }
}

void BatchTable::grow() {
  std::vector<std::uint32_t> slots(std::max<std::size_t>(1024, slots_.size() * 2));
  const std::size_t mask = slots.size() - 1;
  for (std::size_t index = 0; index < records_.size(); ++index) {
    std::size_t i = records_[index].hash & mask;
    while (slots[i] != 0) i = (i + 1) & mask;
    slots[i] = static_cast<std::uint32_t>(index + 1);
  }
  slots_ = std::move(slots);
}

std::vector<const BatchRecord*> BatchTable::sorted(const std::vector<std::uint32_t>& rank) {
  slots_ = {};
  std::vector<const BatchRecord*> order;
  order.reserve(records_.size());
  for (const BatchRecord& record : records_) order.push_back(&record);
  std::sort(order.begin(), order.end(), [&](const BatchRecord* a, const BatchRecord* b) {
    if (a->group != b->group) return rank[a->group] < rank[b->group];
    if (a->time != b->time) return a->time < b->time;
    return name(*a) < name(*b);
  });
  return order;
}

}  // namespace waybill
