#include "testing/fake_log_store.h"

#include <algorithm>

#include "ports/cursor.h"

namespace waybill {

Status FakeLogStore::append(const Uuid& task, const LogChunk& chunk) {
  const Lock lock(mutex_);
  if (!chunk.bytes.empty()) attempts_[task][chunk.attempt].push_back(chunk);
  return {};
}

Status FakeLogStore::append_all(const Uuid& task, std::span<const LogChunk> chunks,
                                std::optional<std::uint64_t> before) {
  const Lock lock(mutex_);
  if (chunks.empty()) return {};
  auto& written = attempts_[task][chunks.front().attempt];
  std::size_t passed_over = before && written.size() > *before ? written.size() - *before : 0;
  for (const LogChunk& chunk : chunks) {
    if (chunk.bytes.empty()) continue;
    if (passed_over > 0) {
      --passed_over;
    } else {
      written.push_back(chunk);
    }
  }
  return {};
}

Result<LogPage> FakeLogStore::read(const Uuid& task, const std::string& cursor,
                                   std::size_t limit_bytes) {
  const auto from = parse_log_cursor(cursor);
  if (!from) return fail(from.error());
  auto [attempt, at] = *from;
  auto index = static_cast<std::size_t>(at);  // of the chunk that is next
  const Lock lock(mutex_);
  LogPage page;
  std::size_t bytes = 0;
  const auto& attempts = attempts_[task];
  for (auto found = attempts.lower_bound(attempt); found != attempts.end(); ++found) {
    if (found->first != attempt) index = 0;
    attempt = found->first;
    // At least one chunk, however big: a reader must get on.
    for (; index < found->second.size() && (bytes == 0 || bytes < limit_bytes); ++index) {
      page.chunks.push_back(found->second[index]);
      bytes += page.chunks.back().bytes.size();
    }
    if (index < found->second.size()) break;
  }
  page.next_cursor =
      to_cursor(LogPlace{.attempt = attempt, .at = static_cast<std::int64_t>(index)});
  return page;
}

Status FakeLogStore::remove(const Uuid& task) {
  const Lock lock(mutex_);
  attempts_.erase(task);
  return {};
}

Result<LoggedTasks> FakeLogStore::logged(const std::string& cursor) {
  constexpr std::size_t kPage = 3;  // small, so that tests see more than one
  const auto after = cursor.empty() ? Result<Uuid>(Uuid()) : parse_uuid(cursor);
  if (!after) return fail(after.error());
  const Lock lock(mutex_);
  LoggedTasks page;
  for (const auto& [task, attempts] : attempts_) {
    if (!attempts.empty() && *after < task) page.ids.push_back(task);
  }
  std::sort(page.ids.begin(), page.ids.end());
  if (page.ids.size() <= kPage) return page;
  page.ids.resize(kPage);
  page.next_cursor = to_string(page.ids.back());
  return page;
}

}  // namespace waybill
