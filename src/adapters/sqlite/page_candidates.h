#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/lanes.h"
#include "base/result.h"
#include "ports/cursor.h"
#include "ports/ledger_reader.h"

namespace waybill::sqlite {

/// The lanes and states that a filter leaves.
class PageSelection {
 public:
  /// `lanes` outlive it.
  PageSelection(const std::vector<Lane>& lanes, const TaskFilter& filter);

  bool has(State state) const { return states_[static_cast<std::size_t>(state)]; }
  bool has_lane(std::int64_t number) const { return wanted_.contains(number); }
  const std::vector<const Lane*>& lanes() const { return lanes_; }
  /// The name of one of lanes(); it is there.
  const Lane& lane(std::int64_t number) const { return *wanted_.at(number); }
  /// How many entries of the indexes of states have to be read to find all of its tasks.
  std::int64_t index_entries() const { return index_entries_; }

 private:
  std::vector<const Lane*> lanes_;
  std::unordered_map<std::int64_t, const Lane*> wanted_;
  std::array<bool, kStateCount> states_{};
  std::int64_t index_entries_ = 0;
};

/// Handles of the tasks that a page may show, in its order.
///
/// In order of acceptance the table is walked for as many rows as the indexes have entries for the
/// states that are asked for, which is all there is to it when they are common. What is missing
/// then is taken from those indexes. So a page costs at most twice the cheaper of the two, whatever
/// the counts are and wherever the tasks lie. PageOrder::first_finished is the order of an index.
class PageCandidates {
 public:
  PageCandidates(Database& database, const PageParams& params, const PageSelection& selection,
                 TaskPlace after);

  /// The next ones, at most `count`; none: that was all.
  Result<std::vector<TaskPlace>> next(std::size_t count);

 private:
  enum class Source { walk, index, finished };

  Status walk(std::size_t count, std::vector<TaskPlace>& places);
  /// Makes a heap of all that comes after the place.
  Status gather();
  Status gather_state(State state);
  Status gather_rows(Statement& query);
  Result<std::vector<TaskPlace>> next_finished(std::size_t count);
  bool comes_later(std::int64_t handle, std::int64_t than) const;

  Database& database_;
  const PageParams& params_;
  const PageSelection& selection_;
  TaskPlace place_;
  Source source_ = Source::walk;
  std::int64_t walk_left_ = 0;          // rows
  std::vector<std::int64_t> gathered_;  // a heap, the next one on top
};

}  // namespace waybill::sqlite
