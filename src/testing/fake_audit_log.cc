#include "testing/fake_audit_log.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "ports/cursor.h"

namespace waybill {
namespace {

bool fits(const AuditFilter& filter, const AuditEntry& entry) {
  return (filter.who.empty() || filter.who == entry.who) &&
         (filter.operation.empty() || filter.operation == entry.operation) &&
         (filter.subject.empty() || filter.subject == entry.subject) && entry.at >= filter.after &&
         (filter.before == Time{} || entry.at < filter.before);
}

}  // namespace

Status FakeAuditLog::put(std::span<const AuditEntry> entries) {
  const Lock lock(mutex_);
  for (const AuditEntry& entry : entries) {
    entries_.push_back(entry);
    entries_.back().sequence = ++last_;
  }
  return {};
}

Result<AuditPage> FakeAuditLog::page(const AuditQuery& query) {
  const auto before = parse_number_cursor(query.cursor, std::numeric_limits<std::int64_t>::max());
  if (!before) return fail(before.error());
  AuditPage page;
  const Lock lock(mutex_);
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->sequence >= *before || !fits(query.filter, *entry)) continue;
    if (page.entries.size() == query.limit) {
      page.next_cursor = std::to_string(page.entries.back().sequence);
      break;
    }
    page.entries.push_back(*entry);
  }
  return page;
}

Result<std::size_t> FakeAuditLog::remove(Time before, std::size_t limit) {
  const Lock lock(mutex_);
  std::vector<std::pair<Time, std::int64_t>> old;
  for (const AuditEntry& entry : entries_) {
    if (entry.at < before) old.emplace_back(entry.at, entry.sequence);
  }
  std::ranges::sort(old);
  if (old.size() > limit) old.resize(limit);
  std::erase_if(entries_, [&](const AuditEntry& entry) {
    return std::ranges::find(old, std::pair(entry.at, entry.sequence)) != old.end();
  });
  return old.size();
}

}  // namespace waybill
