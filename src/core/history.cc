#include "core/history.h"

#include <array>
#include <limits>
#include <optional>

#include "base/bytes.h"

namespace waybill {
namespace {

// One entry: version << 4 | happening, state, then varints at (microseconds), fence, attempt, and
// worker and reason each as length and bytes.
constexpr std::uint8_t kVersion = 1;
constexpr auto kHappeningLast = static_cast<std::uint8_t>(Happening::amended);
static_assert(kHappeningLast < 16, "the happening shares a byte with the version");

std::optional<HistoryEntry> read_entry(ByteReader& reader) {
  const auto head = reader.byte();
  const auto state = reader.byte();
  const auto at = reader.varint();
  const auto fence = reader.varint();
  const auto attempt = reader.varint();
  const auto worker = reader.text();
  const auto reason = reader.text();
  if (!reason || !worker || !attempt || !fence || !at || !state || !head) return std::nullopt;
  const std::uint8_t happening = *head & 0x0f;
  if (*head >> 4 != kVersion || happening > kHappeningLast || *state >= kStateCount ||
      *attempt > std::numeric_limits<std::uint32_t>::max() ||
      *at > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return HistoryEntry{.at = from_micros(static_cast<std::int64_t>(*at)),
                      .happening = static_cast<Happening>(happening),
                      .state = static_cast<State>(*state),
                      .fence = *fence,
                      .attempt = static_cast<std::uint32_t>(*attempt),
                      .worker = std::string(*worker),
                      .reason = std::string(*reason)};
}

}  // namespace

void append_history(std::string& out, const HistoryEntry& entry) {
  out += static_cast<char>(kVersion << 4 | static_cast<std::uint8_t>(entry.happening));
  out += static_cast<char>(entry.state);
  put_varint(out, static_cast<std::uint64_t>(to_micros(entry.at)));
  put_varint(out, entry.fence);
  put_varint(out, entry.attempt);
  put_text(out, entry.worker);
  put_text(out, entry.reason);
}

Result<std::vector<HistoryEntry>> read_history(std::string_view bytes) {
  std::vector<HistoryEntry> entries;
  ByteReader reader(bytes);
  while (!reader.at_end()) {
    const std::size_t offset = bytes.size() - reader.remaining();
    auto entry = read_entry(reader);
    if (!entry) {
      return fail(Code::data_loss, "history is damaged at byte " + std::to_string(offset) + " of " +
                                       std::to_string(bytes.size()));
    }
    entries.push_back(std::move(*entry));
  }
  return entries;
}

std::string holder_of(const std::vector<HistoryEntry>& history, const HistoryEntry& entry) {
  if (entry.happening == Happening::created || entry.fence == 0) return {};
  for (const HistoryEntry& other : history) {
    if (other.happening == Happening::claimed && other.fence == entry.fence) return other.worker;
  }
  return {};
}

}  // namespace waybill
