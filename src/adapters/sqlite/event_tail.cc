#include "adapters/sqlite/event_tail.h"

#include <unordered_map>

#include "adapters/sqlite/lanes.h"
#include "adapters/sqlite/transaction.h"
#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

constexpr unsigned kPlaceBits = 20;
static_assert(Transaction::kChangesMax <= std::int64_t{1} << kPlaceBits,
              "the places in a row of events must not run into the next row's sequences");

std::uint64_t sequence(std::uint64_t row, std::size_t place) { return row << kPlaceBits | place; }

/// `out_of_range` when changes after `after` have been trimmed.
Status check_kept(Database& database, std::uint64_t after) {
  const auto first = database.number(Sql::first_event);
  if (!first) return fail(first.error());
  const auto oldest = static_cast<std::uint64_t>(*first);
  if (oldest <= 1 || after + 1 >= sequence(oldest, 0)) return {};
  return fail(Code::out_of_range, "events after " + std::to_string(after) +
                                      " are gone: only the newest are kept; begin anew after " +
                                      std::to_string(sequence(oldest, 0) - 1));
}

}  // namespace

Result<std::vector<LedgerEvent>> read_tail(Database& database, std::uint64_t after,
                                           std::size_t limit) {
  if (Status kept = check_kept(database, after); !kept) return fail(kept.error());
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  std::unordered_map<std::int64_t, const Lane*> by_number;
  for (const Lane& lane : *lanes) by_number[lane.lane] = &lane;

  const auto query = database.statement(Sql::events_after);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  (*query)->bind(1, static_cast<std::int64_t>(after >> kPlaceBits));
  std::vector<LedgerEvent> events;
  while (events.size() < limit) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) break;
    const auto commit = static_cast<std::uint64_t>((*query)->integer(0));
    auto records = read_events((*query)->blob(1));
    if (!records) return fail(records.error());
    for (std::size_t place = 0; place < records->size() && events.size() < limit; ++place) {
      if (sequence(commit, place) <= after) continue;
      EventRecord& record = (*records)[place];
      const auto lane = by_number.find(record.lane);
      events.push_back({.sequence = sequence(commit, place),
                        .id = record.id,
                        .queue = lane == by_number.end() ? "" : lane->second->queue,
                        .entry = std::move(record.entry)});
    }
  }
  return events;
}

Result<std::uint64_t> newest_sequence(Database& database) {
  const auto query = database.statement(Sql::last_event);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->step();
  if (!row) return fail(row.error());
  if (!*row) return std::uint64_t{0};
  const auto place = static_cast<std::size_t>((*query)->integer(2) - 1);
  return sequence(static_cast<std::uint64_t>((*query)->integer(0)), place);
}

}  // namespace waybill::sqlite
