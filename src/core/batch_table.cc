#include "core/batch_table.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/uuid.h"

namespace waybill {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::size_t kUuidTextBytes = 36;
constexpr std::size_t kPlacesMax = std::size_t{1} << 31;

bool is_dash_at(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

int hex_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Whether `text` is what to_string(Uuid) would write, and then its bytes: their order is that of
/// the texts.
bool pack(std::string_view text, std::array<std::uint8_t, 16>& bytes) {
  if (text.size() != kUuidTextBytes) return false;
  std::size_t next = 0;
  for (std::size_t i = 0; i < kUuidTextBytes;) {
    if (is_dash_at(i)) {
      if (text[i++] != '-') return false;
      continue;
    }
    const int high = hex_of(text[i]);
    const int low = hex_of(text[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[next++] = static_cast<std::uint8_t>(high << 4 | low);
    i += 2;
  }
  return true;
}

/// Every bit of the input counts for every bit of the result: ids that are counters fall apart as
/// random ones do. Source: the finalizer of splitmix64, public domain, S. Vigna.
std::uint64_t scattered(std::uint64_t bits) {
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebULL;
  return bits ^ bits >> 31;
}

std::uint32_t mixed(std::uint64_t hash, std::uint64_t with) {
  return static_cast<std::uint32_t>(scattered(hash + scattered(with)) >> 32);
}

/// std::hash<Uuid> lets the halves of an id make up for one another.
std::uint64_t hash_of_uuid(const std::array<std::uint8_t, 16>& bytes) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, bytes.data(), sizeof high);
  std::memcpy(&low, bytes.data() + sizeof high, sizeof low);
  return scattered(scattered(high) + low);
}

std::uint32_t hash_of_place(std::uint32_t group, Time time) {
  return mixed(static_cast<std::uint64_t>(to_micros(time)) * 0x9e3779b97f4a7c15ULL, group);
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

std::uint32_t BatchTable::place_of(std::uint32_t group, Time time) {
  const auto is = [&](std::uint32_t number) {
    return places_[number].group == group && places_[number].time == time;
  };
  if (latest_place_ < places_.size() && is(latest_place_)) return latest_place_;
  latest_place_ =
      place_index_.find_or_add(hash_of_place(group, time), is, [&](std::uint32_t number) {
        return hash_of_place(places_[number].group, places_[number].time);
      });
  if (latest_place_ == places_.size()) places_.push_back({.group = group, .time = time});
  WAYBILL_CHECK(places_.size() < kPlacesMax, "the minutes of a scan are fewer than 2^31");
  return latest_place_;
}

std::string_view BatchTable::text_of(const BatchRecord& record) const {
  NameArena::Place place;
  std::memcpy(&place, record.name.data(), sizeof place);
  return names_.at(place);
}

std::string BatchTable::name(const BatchRecord& record) const {
  if (record.is_uuid != 0) return to_string(Uuid{.bytes = record.name});
  return std::string(text_of(record));
}

BatchRecord& BatchTable::at(std::uint32_t group, Time time, std::string_view name) {
  BatchRecord wanted;
  wanted.place = place_of(group, time) & 0x7fffffffU;
  wanted.is_uuid = pack(name, wanted.name) ? 1 : 0;
  const auto hash_of = [&](const BatchRecord& record, std::string_view text) {
    const std::size_t hash =
        record.is_uuid != 0 ? hash_of_uuid(record.name) : std::hash<std::string_view>{}(text);
    return mixed(hash, record.place + 1ULL);
  };
  const auto is = [&](std::uint32_t number) {
    const BatchRecord& record = records_[number];
    if (record.place != wanted.place || record.is_uuid != wanted.is_uuid) return false;
    return record.is_uuid != 0 ? record.name == wanted.name : text_of(record) == name;
  };
  const std::uint32_t found =
      record_index_.find_or_add(hash_of(wanted, name), is, [&](std::uint32_t number) {
        const BatchRecord& record = records_[number];
        return hash_of(record, record.is_uuid != 0 ? std::string_view() : text_of(record));
      });
  if (found < records_.size()) return records_[found];
  if (wanted.is_uuid == 0) {
    const NameArena::Place place = names_.add(name);
    wanted.name = {};
    std::memcpy(wanted.name.data(), &place, sizeof place);
  }
  return records_.emplace_back(wanted);
}

bool BatchTable::is_before(const BatchRecord& a, const BatchRecord& b) const {
  if (a.is_uuid != 0 && b.is_uuid != 0) return a.name < b.name;
  if (a.is_uuid == 0 && b.is_uuid == 0) return text_of(a) < text_of(b);
  return name(a) < name(b);
}

void BatchTable::sort(const std::vector<std::uint32_t>& rank) {
  record_index_ = {};
  place_index_ = {};
  std::vector<std::uint32_t> order(places_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(rank[places_[a].group], places_[a].time) <
           std::pair(rank[places_[b].group], places_[b].time);
  });
  std::vector<std::uint32_t> place_rank(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) place_rank[order[i]] = i;
  std::sort(records_.begin(), records_.end(), [&](const BatchRecord& a, const BatchRecord& b) {
    if (a.place != b.place) return place_rank[a.place] < place_rank[b.place];
    return is_before(a, b);
  });
}

}  // namespace waybill
