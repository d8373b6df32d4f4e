#include "adapters/postgres/event_tail.h"

#include <algorithm>

#include "adapters/postgres/commit.h"
#include "core/task_record.h"

namespace waybill::postgres {
namespace {

constexpr unsigned kPlaceBits = 20;
static_assert(CommitRecord::kChangesMax <= std::int64_t{1} << kPlaceBits,
              "the places in a row of events must not run into the next row's sequences");
/// Rows that are read at once.
constexpr std::int64_t kEventChunk = 256;

std::uint64_t sequence(std::int64_t row, std::size_t place) {
  return static_cast<std::uint64_t>(row) << kPlaceBits | place;
}

/// `out_of_range` when changes after `after` have been trimmed.
Status check_kept(Database& database, std::uint64_t after) {
  const auto first = database.read(Sql::first_event);
  if (!first) return fail(first.error());
  const std::int64_t oldest = first->empty() ? 0 : first->integer(0, 0);
  if (oldest <= 1 || after + 1 >= sequence(oldest, 0)) return {};
  return fail(Code::out_of_range, "events after " + std::to_string(after) +
                                      " are gone: only the newest are kept; begin anew after " +
                                      std::to_string(sequence(oldest, 0) - 1));
}

/// A number that a row can have; above all of them for what is above.
std::int64_t row_of(std::uint64_t sequence) {
  return static_cast<std::int64_t>(sequence >> kPlaceBits);
}

class TailReader {
 public:
  TailReader(std::uint64_t after, std::size_t limit) : after_(after), limit_(limit) {}

  bool is_full() const { return events_.size() >= limit_; }
  std::vector<LedgerEvent> take() { return std::move(events_); }

  Status add(std::int64_t commit, std::string_view bytes, LaneTable& lanes) {
    auto records = read_events(bytes);
    if (!records) return fail(records.error());
    for (std::size_t place = 0; place < records->size() && !is_full(); ++place) {
      if (sequence(commit, place) <= after_) continue;
      EventRecord& record = (*records)[place];
      const auto queue = queue_of(record.lane, lanes);
      if (!queue) return fail(queue.error());
      events_.push_back({.sequence = sequence(commit, place),
                         .id = record.id,
                         .queue = *queue,
                         .entry = std::move(record.entry)});
    }
    return {};
  }

 private:
  static Result<std::string> queue_of(std::int64_t number, LaneTable& lanes) {
    LaneTable::Names names = lanes.names();
    if (names->find(number) == nullptr) {
      const auto fresh = lanes.refresh();
      if (!fresh) return fail(fresh.error());
      names = *fresh;
    }
    const Lane* lane = names->find(number);
    return lane == nullptr ? std::string() : lane->queue;
  }

  const std::uint64_t after_;
  const std::size_t limit_;
  std::vector<LedgerEvent> events_;
};

}  // namespace

Result<std::vector<LedgerEvent>> read_tail(Database& database, LaneTable& lanes,
                                           std::uint64_t after, std::size_t limit) {
  TailReader tail(after, limit);
  std::int64_t next = row_of(after);
  while (!tail.is_full()) {
    const auto chunk = std::min(static_cast<std::int64_t>(limit), kEventChunk);
    const auto rows =
        database.read(Sql::events_after, std::move(Params().integer(next).integer(chunk)));
    if (!rows) return fail(rows.error());
    for (int row = 0; row < rows->size() && !tail.is_full(); ++row) {
      next = rows->integer(row, 0) + 1;
      if (Status added = tail.add(next - 1, rows->text(row, 1), lanes); !added) {
        return fail(added.error());
      }
    }
    if (rows->size() < chunk) break;
  }
  // Asked afterwards: what was trimmed while we read is missed too.
  if (Status kept = check_kept(database, after); !kept) return fail(kept.error());
  return tail.take();
}

Result<std::uint64_t> newest_sequence(Database& database) {
  const auto rows = database.read(Sql::last_event);
  if (!rows) return fail(rows.error());
  if (rows->empty()) return std::uint64_t{0};
  return last_of_row(rows->integer(0, 0), rows->integer(0, 1));
}

std::uint64_t last_of_row(std::int64_t row, std::int64_t changes) {
  return sequence(row, static_cast<std::size_t>(changes - 1));
}

}  // namespace waybill::postgres
