#include "adapters/postgres/tally.h"

#include <unordered_map>

namespace waybill::postgres {

Result<std::vector<LaneCounts>> counts_of(const Rows& rows) {
  std::vector<LaneCounts> lanes;
  std::unordered_map<std::int64_t, std::size_t> place_of;
  // Lanes come first, then what was added to them.
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.is_null(row, 11)) {
      place_of.emplace(rows.integer(row, 0), lanes.size());
      LaneCounts& lane = lanes.emplace_back();
      lane.lane = rows.integer(row, 0);
      lane.queue = rows.text(row, 1);
      lane.kind = rows.text(row, 2);
      lane.used = rows.integer(row, 3) != 0;
      for (int state = 0; state < kStateCount; ++state) {
        lane.counts[static_cast<std::size_t>(state)] = rows.integer(row, 4 + state);
      }
      continue;
    }
    const std::vector<std::int64_t> counted = rows.integers(row, 11);
    for (std::size_t i = 0; i + kStateCount < counted.size(); i += kStateCount + 1) {
      const auto place = place_of.find(counted[i]);
      if (place == place_of.end()) {
        return fail(Code::data_loss, "a commit counts tasks of a lane that is not there");
      }
      LaneCounts& lane = lanes[place->second];
      lane.used = true;
      for (std::size_t state = 0; state < lane.counts.size(); ++state) {
        lane.counts[state] += counted[i + 1 + state];
      }
    }
  }
  return lanes;
}

Result<std::vector<LaneCounts>> read_counts(Database& database) {
  const auto rows = database.read(Sql::lane_counts);
  if (!rows) return fail(rows.error());
  return counts_of(*rows);
}

Status fold_counts(Database& database, std::size_t events_kept) {
  return database.transaction([events_kept](Connection& connection) -> Status {
    Params kept;
    kept.integer(static_cast<std::int64_t>(events_kept));
    const Call calls[] = {{Sql::no_compiling, {}},
                          {Sql::lock_commits, {}},
                          {Sql::fold_counts, {}},
                          {Sql::note_counted, {}},
                          {Sql::trim_events, kept}};
    const auto done = connection.run_all(calls, {});
    return done ? Status() : fail(done.error());
  });
}

}  // namespace waybill::postgres
