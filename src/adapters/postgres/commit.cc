#include "adapters/postgres/commit.h"

#include "core/task_record.h"

namespace waybill::postgres {

void CommitRecord::tell(const Uuid& id, std::int64_t lane, std::optional<State> from, State to,
                        std::string_view entry) {
  if (rows_.empty() || rows_.back().changes == kChangesMax) rows_.emplace_back();
  Row& row = rows_.back();
  append_event(row.bytes, id, lane, entry);
  ++row.changes;
  Counts& added = row.added[lane];
  if (from) --added[static_cast<std::size_t>(*from)];
  ++added[static_cast<std::size_t>(to)];
}

void CommitRecord::clear() { rows_.clear(); }

void CommitRecord::write(Batch& batch, const Uuid& tag) const {
  for (const Row& row : rows_) {
    Array counted(Array::Of::integers);
    for (const auto& [lane, added] : row.added) {
      counted.add(lane);
      for (const std::int64_t change : added) counted.add(change);
    }
    Params params;
    params.integer(row.changes).array(std::move(counted)).bytes(row.bytes).uuid(tag);
    batch.add(Sql::add_event, std::move(params));
  }
}

void add_commit_lock(Batch& batch) { batch.add(Sql::lock_commits); }

}  // namespace waybill::postgres
