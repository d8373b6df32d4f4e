#include "base/zone.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/mutex.h"
#include "base/zone_rule.h"

namespace waybill {
namespace {

constexpr std::string_view kFolder = "/usr/share/zoneinfo";
constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr std::size_t kZoneNameBytesMax = 100;

/// Seconds whose microseconds a Time can hold. The big bang of some files (-2^59) lies outside.
constexpr std::int64_t kSecondsMax = to_micros(kTimeMax) / 1'000'000;

std::int64_t seconds_at(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

class TzifZone final : public Zone {
 public:
  struct Change {
    std::int64_t at = 0;
    std::int32_t offset = 0;  ///< from then on
  };
  struct Table {
    std::int32_t first_offset = 0;
    std::vector<Change> changes;  ///< by time; each differs from what was before
    std::optional<ZoneRule> rule;
    std::int64_t rule_from = INT64_MIN;  ///< where the file's table ends and its rule begins
  };
  TzifZone(std::string name, Table table) : name_(std::move(name)), table_(std::move(table)) {}

  const std::string& name() const override { return name_; }

  Duration offset_at(Time utc) const override {
    const std::int64_t at = seconds_at(utc);
    if (table_.rule && at >= table_.rule_from) {
      return std::chrono::seconds(table_.rule->offset_at(at));
    }
    const auto next = first_after(at);
    const bool before_all = next == table_.changes.begin();
    return std::chrono::seconds(before_all ? table_.first_offset : std::prev(next)->offset);
  }

  Time next_change(Time utc) const override {
    const std::int64_t at = seconds_at(utc);
    std::int64_t found = INT64_MAX;
    if (const auto next = first_after(at); next != table_.changes.end()) {
      found = next->at;
    } else if (table_.rule) {
      found = table_.rule->next_change(std::max(at, table_.rule_from));
    }
    return found >= kSecondsMax ? kTimeMax : Time(std::chrono::seconds(found));
  }

 private:
  std::vector<Change>::const_iterator first_after(std::int64_t at) const {
    return std::upper_bound(
        table_.changes.begin(), table_.changes.end(), at,
        [](std::int64_t value, const Change& change) { return value < change.at; });
  }

  std::string name_;
  Table table_;
};

/// Reads big-endian numbers one after another. Past the end it answers zero and is not `ok` any
/// more.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t count) {
    ok_ = ok_ && count <= rest_.size();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::int64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (const char c : take(width)) value = value << 8 | static_cast<unsigned char>(c);
    if (width == 4) return static_cast<std::int32_t>(value);
    return static_cast<std::int64_t>(value);
  }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// RFC 8536, 3.1.
struct Header {
  char version = 0;
  std::size_t isutcnt = 0, isstdcnt = 0, leapcnt = 0, timecnt = 0, typecnt = 0, charcnt = 0;

  std::size_t block_bytes(std::size_t time_width) const {
    return timecnt * (time_width + 1) + typecnt * 6 + charcnt + leapcnt * (time_width + 4) +
           isstdcnt + isutcnt;
  }
};

std::optional<Header> read_header(Bytes& bytes) {
  if (bytes.take(4) != "TZif") return std::nullopt;
  Header header;
  const std::string_view version = bytes.take(1);
  bytes.take(15);
  for (std::size_t* count : {&header.isutcnt, &header.isstdcnt, &header.leapcnt, &header.timecnt,
                             &header.typecnt, &header.charcnt}) {
    const std::int64_t value = bytes.number(4);
    if (value < 0 || value > static_cast<std::int64_t>(kFileBytesMax)) return std::nullopt;
    *count = static_cast<std::size_t>(value);
  }
  if (!bytes.ok() || header.typecnt == 0) return std::nullopt;
  header.version = version[0];
  return header;
}

/// The data block, without what only abbreviations and POSIX rules of the last century need.
std::optional<TzifZone::Table> read_block(Bytes& bytes, const Header& header, std::size_t width) {
  const std::string_view times = bytes.take(header.timecnt * width);
  const std::string_view types = bytes.take(header.timecnt);
  std::vector<std::int32_t> offsets;
  for (std::size_t i = 0; i < header.typecnt && bytes.ok(); ++i) {
    offsets.push_back(static_cast<std::int32_t>(bytes.number(4)));
    bytes.take(2);
    // RFC 8536, 3.2: offsets lie between -25 and +26 hours.
    if (offsets.back() <= -25 * 3600 || offsets.back() >= 26 * 3600) return std::nullopt;
  }
  bytes.take(header.charcnt + header.leapcnt * (width + 4) + header.isstdcnt + header.isutcnt);
  if (!bytes.ok()) return std::nullopt;

  TzifZone::Table table;
  table.first_offset = offsets[0];
  std::int32_t offset = offsets[0];
  std::int64_t last = INT64_MIN;
  Bytes moments(times);
  for (const char type : types) {
    const std::int64_t at = moments.number(width);
    const auto index = static_cast<std::size_t>(static_cast<unsigned char>(type));
    if (index >= offsets.size() || (last != INT64_MIN && at <= last)) return std::nullopt;
    last = at;
    table.rule_from = std::clamp(at, -kSecondsMax, kSecondsMax);
    if (offsets[index] == offset) continue;
    offset = offsets[index];
    if (at <= -kSecondsMax) {
      table.first_offset = offset;
    } else if (at < kSecondsMax) {
      table.changes.push_back({at, offset});
    }
  }
  return table;
}

Result<TzifZone::Table> read_tzif(std::string_view tzif) {
  const auto refuse = [](const char* why) { return fail(Code::invalid_argument, why); };
  Bytes bytes(tzif);
  auto header = read_header(bytes);
  if (!header) return refuse("not a TZif file: its header is wrong or cut off");
  std::size_t width = 4;
  if (header->version != '\0') {
    // The first block repeats the second one in 32 bits, for readers of version 1.
    bytes.take(header->block_bytes(4));
    header = read_header(bytes);
    if (!header) return refuse("not a TZif file: its second header is wrong or cut off");
    width = 8;
  }
  if (header->leapcnt != 0) {
    return refuse(
        "it counts leap seconds, which UTC here does not; take the zone without 'right/'");
  }
  auto table = read_block(bytes, *header, width);
  if (!table) return refuse("not a TZif file: its table is wrong or cut off");
  if (width == 4) return std::move(*table);

  const std::string_view footer = bytes.rest();
  const std::size_t end = footer.empty() ? std::string_view::npos : footer.find('\n', 1);
  if (end == std::string_view::npos || footer[0] != '\n') {
    return refuse("not a TZif file: its footer is cut off");
  }
  if (end == 1) return std::move(*table);
  auto rule = ZoneRule::parse(footer.substr(1, end - 1));
  if (!rule) return fail(rule.error());
  table->rule = *rule;
  const bool any_change = table->rule_from != INT64_MIN;
  const std::int32_t last_offset =
      table->changes.empty() ? table->first_offset : table->changes.back().offset;
  if (any_change && rule->offset_at(table->rule_from) != last_offset) {
    return refuse("not a TZif file: its footer contradicts the end of its table");
  }
  return std::move(*table);
}

/// Words of letters, digits, '_', '+' and '-', with '/' between them: so no '..' and no absolute
/// path.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > kZoneNameBytesMax || name.back() == '/') return false;
  char before = '/';
  for (const char c : name) {
    const bool plain = is_letter(c) || is_digit(c) || c == '_' || c == '+' || c == '-';
    if (!plain && (c != '/' || before == '/')) return false;
    before = c;
  }
  return true;
}

Result<std::shared_ptr<const Zone>> load_zone(const std::string& name) {
  const std::string path = std::string(kFolder) + '/' + name;
  std::error_code error;
  std::ifstream file;
  if (is_zone_name(name) && std::filesystem::is_regular_file(path, error)) {
    file.open(path, std::ios::binary);
  }
  if (!file.is_open()) {
    return fail(Code::not_found, "no time zone '" + name.substr(0, kZoneNameBytesMax) + "' in " +
                                     std::string(kFolder) +
                                     "; names look like Europe/Berlin, and come with tzdata");
  }
  std::string tzif(kFileBytesMax, '\0');
  file.read(tzif.data(), static_cast<std::streamsize>(tzif.size()));
  tzif.resize(static_cast<std::size_t>(file.gcount()));
  auto zone = parse_zone(name, tzif);
  if (!zone) return fail(with_context(zone.error(), "reading time zone " + path));
  return zone;
}

/// Zones are immutable, so the whole process shares what was read once.
class Cache {
 public:
  Result<std::shared_ptr<const Zone>> find(const std::string& name) {
    {
      const Lock lock(mutex_);
      if (const auto known = zones_.find(name); known != zones_.end()) return known->second;
    }
    auto zone = load_zone(name);
    if (!zone) return zone;
    const Lock lock(mutex_);
    return zones_.emplace(name, *zone).first->second;
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<const Zone>> zones_ GUARDED_BY(mutex_) = {
      {"UTC", std::make_shared<const TzifZone>("UTC", TzifZone::Table{})}};
};

}  // namespace

Result<std::shared_ptr<const Zone>> parse_zone(std::string name, std::string_view tzif) {
  auto table = read_tzif(tzif);
  if (!table) return fail(table.error());
  return std::make_shared<const TzifZone>(std::move(name), std::move(*table));
}

Result<std::shared_ptr<const Zone>> find_zone(const std::string& name) {
  static Cache cache;
  return cache.find(name);
}

}  // namespace waybill
