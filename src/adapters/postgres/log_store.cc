#include "adapters/postgres/log_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ports/cursor.h"

namespace waybill::postgres {
namespace {

constexpr std::size_t kGroupBytesMax = 1 << 20;
constexpr std::size_t kGroupChunksMax = 5000;
constexpr std::size_t kPageChunksMax = 1000;
constexpr std::int64_t kLoggedMax = 500;

}  // namespace

Status PostgresLogStore::append(const Uuid& task, const LogChunk& chunk) {
  return append_all(task, {&chunk, 1}, std::nullopt);
}

Status PostgresLogStore::append_all(const Uuid& task, std::span<const LogChunk> chunks,
                                    std::optional<std::uint64_t> before) {
  Waiting mine{.task = task, .chunks = {}, .before = before};
  for (const LogChunk& chunk : chunks) {
    if (chunk.bytes.size() > kLogChunkBytesMax) {
      return fail(Code::invalid_argument, "a piece of output of task " + to_string(task) +
                                              " is longer than 64 MiB; write smaller ones");
    }
    if (chunk.bytes.empty()) continue;
    mine.chunks.push_back(&chunk);
    mine.bytes += chunk.bytes.size();
  }
  if (mine.chunks.empty()) return {};
  {
    const Lock lock(mutex_);
    waiting_.push_back(&mine);
  }
  for (;;) {
    std::vector<Waiting*> group;
    {
      Lock lock(mutex_);
      while (!mine.is_done && is_writing_) written_.wait(lock);
      if (mine.is_done) return mine.answer;
      is_writing_ = true;
      group = take_group();
    }
    const std::vector<Status> answers = write(group);
    {
      const Lock lock(mutex_);
      for (std::size_t i = 0; i < group.size(); ++i) {
        group[i]->answer = answers[i];
        group[i]->is_done = true;  // it may be gone as soon as the lock is
      }
      is_writing_ = false;
    }
    written_.notify_all();
  }
}

std::vector<PostgresLogStore::Waiting*> PostgresLogStore::take_group() {
  std::vector<Waiting*> group;
  std::vector<Waiting*> rest;
  std::set<std::pair<Uuid, std::uint32_t>> attempts;
  std::size_t bytes = 0;
  std::size_t chunks = 0;
  for (Waiting* one : waiting_) {
    bytes += one->bytes;
    chunks += one->chunks.size();
    const bool fits = bytes <= kGroupBytesMax && chunks <= kGroupChunksMax;
    // The same may be under way for a request whose client has given it up, and sent it again.
    const bool is_alone = attempts.emplace(one->task, one->chunks.front()->attempt).second;
    (group.empty() || (fits && is_alone) ? group : rest).push_back(one);
  }
  waiting_ = std::move(rest);
  return group;
}

std::vector<Status> PostgresLogStore::write(const std::vector<Waiting*>& group) {
  std::vector<Status> answers(group.size(), put(group));
  bool is_reachable = !answers.front() && answers.front().error().code == Code::deadline_exceeded;
  for (std::size_t i = 0; i < group.size() && is_reachable; ++i) {
    answers[i] = put_again(*group[i]);
    is_reachable = answers[i].has_value();  // else the others would wait as long
  }
  return answers;
}

Status PostgresLogStore::put_again(Waiting& one) {
  for (int tries = 1;; ++tries) {
    const auto arrived = has_arrived(one);
    if (!arrived) return fail(arrived.error());
    if (*arrived) return {};
    const Status done = put({&one});
    if (done || done.error().code != Code::deadline_exceeded || tries == kTriesMax) return done;
  }
}

/// An attempt has one writer: what it wrote last is at the end.
Result<bool> PostgresLogStore::has_arrived(const Waiting& one) {
  Params params;
  params.uuid(one.task).integer(one.chunks.front()->attempt);
  params.integer(static_cast<std::int64_t>(one.chunks.size()));
  const auto rows = database_.read(Sql::log_tail, params);
  if (!rows) return fail(rows.error());
  if (rows->size() < static_cast<int>(one.chunks.size())) return false;
  int row = 0;
  return std::all_of(one.chunks.rbegin(), one.chunks.rend(), [&](const LogChunk* chunk) {
    const bool is_same = rows->integer(row, 0) == to_micros(chunk->at) &&
                         rows->integer(row, 1) == static_cast<std::int64_t>(chunk->stream) &&
                         rows->text(row, 2) == chunk->bytes;
    ++row;
    return is_same;
  });
}

Status PostgresLogStore::put(const std::vector<Waiting*>& group) {
  Array tasks(Array::Of::uuids);
  Array attempts(Array::Of::integers);
  Array befores(Array::Of::integers);
  Array times(Array::Of::integers);
  Array streams(Array::Of::integers);
  Array bytes(Array::Of::bytes);
  for (const Waiting* one : group) {
    for (const LogChunk* chunk : one->chunks) {
      tasks.add(one->task);
      attempts.add(static_cast<std::int64_t>(chunk->attempt));
      if (one->before) {
        befores.add(static_cast<std::int64_t>(*one->before));
      } else {
        befores.add_null();
      }
      times.add(to_micros(chunk->at));
      streams.add(static_cast<std::int64_t>(chunk->stream));
      bytes.add(chunk->bytes);
    }
  }
  Params params;
  params.array(std::move(tasks)).array(std::move(attempts)).array(std::move(befores));
  params.array(std::move(times)).array(std::move(streams)).array(std::move(bytes));
  const auto put = database_.write(Sql::put_log_chunks, params);
  if (!put) return fail(with_context(put.error(), "keeping the output of tasks"));
  return {};
}

Result<LogPage> PostgresLogStore::read(const Uuid& task, const std::string& cursor,
                                       std::size_t limit_bytes) {
  auto position = parse_log_cursor(cursor);
  if (!position) return fail(position.error());
  const std::size_t limit = std::clamp<std::size_t>(limit_bytes, 1, kLogChunkBytesMax);
  Params params;
  params.uuid(task).integer(position->attempt).integer(position->at);
  params.integer(static_cast<std::int64_t>(limit));
  params.integer(static_cast<std::int64_t>(std::min(limit, kPageChunksMax)));
  const auto rows = database_.read(Sql::log_page, params);
  if (!rows) return fail(rows.error());
  LogPage page;
  for (int row = 0; row < rows->size(); ++row) {
    *position = {.attempt = static_cast<std::uint32_t>(rows->integer(row, 0)),
                 .at = rows->integer(row, 1) + 1};
    page.chunks.push_back({.attempt = position->attempt,
                           .at = from_micros(rows->integer(row, 2)),
                           .stream = static_cast<LogStream>(rows->integer(row, 3)),
                           .bytes = std::string(rows->text(row, 4))});
  }
  page.next_cursor = to_cursor(*position);
  return page;
}

Status PostgresLogStore::remove(const Uuid& task) {
  const auto removed = database_.write(Sql::remove_log, Params().uuid(task));
  if (!removed) return fail(removed.error());
  return {};
}

/// The cursor is the last task of the page before.
Result<LoggedTasks> PostgresLogStore::logged(const std::string& cursor) {
  Uuid after;
  if (!cursor.empty()) {
    const auto parsed = parse_uuid(cursor);
    if (!parsed) return fail(not_a_cursor(cursor));
    after = *parsed;
  }
  const auto rows = database_.read(Sql::logged_tasks, Params().uuid(after).integer(kLoggedMax));
  if (!rows) return fail(rows.error());
  LoggedTasks page;
  for (int row = 0; row < rows->size(); ++row) page.ids.push_back(rows->uuid(row, 0));
  if (rows->size() == kLoggedMax) page.next_cursor = to_string(page.ids.back());
  return page;
}

}  // namespace waybill::postgres
