#include "adapters/sqlite/claim.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "adapters/sqlite/load.h"
#include "base/check.h"
#include "core/name_filter.h"
#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

constexpr std::size_t kLoadedAtOnce = 32;

/// A ready task that may be claimed, in the order in which they start.
struct Candidate {
  std::int64_t rank = 0;
  std::int64_t handle = 0;
  std::int64_t lane = 0;

  auto operator<=>(const Candidate&) const = default;
};

/// The lanes that this claim may take from and that have something ready.
std::vector<std::int64_t> open_lanes(Transaction& transaction, const ClaimParams& params) {
  std::vector<std::int64_t> open;
  for (const Lane& lane : transaction.lanes().lanes()) {
    if (lane.count(State::ready) == 0) continue;
    if (!accepts(params.queues, lane.queue) || !accepts(params.kinds, lane.kind)) continue;
    const QueueSettings* settings = transaction.settings(lane.queue);
    if (settings == nullptr || !settings->paused) open.push_back(lane.lane);
  }
  return open;
}

Status add_first_of_lane(Database& database, std::int64_t lane, std::size_t limit,
                         std::vector<Candidate>& candidates) {
  const auto query = database.statement(Sql::claim_candidates);
  if (!query) return fail(query.error());
  (*query)->bind(1, lane).bind(2, static_cast<std::int64_t>(limit));
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    candidates.push_back(
        {.rank = (*query)->integer(1), .handle = (*query)->integer(0), .lane = lane});
  }
}

Status add_named(Database& database, const std::vector<std::int64_t>& open,
                 const std::vector<Uuid>& ids, std::vector<Candidate>& candidates) {
  Feed& feed = database.feed();
  feed.clear();
  for (const Uuid& id : ids) feed.add().blob(bytes_of(id));
  const auto query = database.statement(Sql::ready_of_ids);
  if (!query) return fail(query.error());
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    const std::int64_t lane = (*query)->integer(2);
    if (std::ranges::find(open, lane) == open.end()) continue;
    candidates.push_back(
        {.rank = (*query)->integer(1), .handle = (*query)->integer(0), .lane = lane});
  }
}

/// The best candidates that the queues' limits leave room for.
std::vector<std::int64_t> choose(Transaction& transaction, std::vector<Candidate> candidates,
                                 std::size_t limit) {
  std::ranges::sort(candidates);
  // Of ids that were named twice.
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  std::unordered_map<std::string, std::int64_t> leased;
  std::vector<std::int64_t> chosen;
  for (const Candidate& candidate : candidates) {
    if (chosen.size() == limit) break;
    const std::string& queue = transaction.lanes().at(candidate.lane).queue;
    const QueueSettings* settings = transaction.settings(queue);
    if (settings != nullptr && settings->concurrency_max > 0) {
      const auto [count, fresh] = leased.try_emplace(queue);
      if (fresh) count->second = transaction.lanes().leased_in(queue);
      if (count->second >= settings->concurrency_max) continue;
      ++count->second;
    }
    chosen.push_back(candidate.handle);
  }
  return chosen;
}

/// Until `bytes_left` is 0.
Status claim_some(Transaction& transaction, const ClaimParams& params,
                  std::span<const std::int64_t> handles, Time now, std::size_t& bytes_left,
                  std::vector<Task>& claimed) {
  auto loaded = load_tasks(transaction.database(), handles);
  if (!loaded) return fail(loaded.error());
  for (LoadedTask& one : *loaded) {
    if (bytes_left == 0) break;
    name_lane(one, transaction.lanes().at(one.lane));
    bytes_left -= std::min(bytes_left, text_bytes(one.task));
    const auto change = transition(
        one.task, event::Claim{.worker = params.worker, .lease = params.lease}, {.now = now});
    WAYBILL_CHECK(change.has_value(), "a ready task can be claimed");
    transaction.change(transaction.adopt(one.task, one.lane), *change);
    one.task.status = change->after;
    claimed.push_back(std::move(one.task));
  }
  return {};
}

}  // namespace

Status claim_tasks(Transaction& transaction, const ClaimParams& params, Time now,
                   std::vector<Task>& claimed) {
  if (Status flushed = transaction.flush(); !flushed) return flushed;
  Database& database = transaction.database();
  const std::vector<std::int64_t> open = open_lanes(transaction, params);
  std::vector<Candidate> candidates;
  if (!params.only_ids.empty()) {
    if (Status added = add_named(database, open, params.only_ids, candidates); !added) return added;
  } else {
    for (const std::int64_t lane : open) {
      if (Status added = add_first_of_lane(database, lane, params.limit, candidates); !added) {
        return added;
      }
    }
  }
  const auto chosen = choose(transaction, std::move(candidates), params.limit);
  // Where bytes are counted, few at a time: what is not claimed was read in vain.
  const std::size_t at_once = params.bytes_max > 0 ? kLoadedAtOnce : chosen.size();
  std::size_t bytes_left = params.bytes_max > 0 ? params.bytes_max : SIZE_MAX;
  claimed.reserve(chosen.size());
  for (std::size_t begin = 0; begin < chosen.size() && bytes_left > 0; begin += at_once) {
    const auto some = std::span(chosen).subspan(begin, std::min(at_once, chosen.size() - begin));
    if (Status done = claim_some(transaction, params, some, now, bytes_left, claimed); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace waybill::sqlite
