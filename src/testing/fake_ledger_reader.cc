#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "core/priority.h"
#include "core/task_search.h"
#include "ports/cursor.h"
#include "testing/fake_ledger.h"

namespace waybill {
namespace {

bool matches(const Task& task, const TaskFilter& filter) {
  const TaskRequest& request = task.request;
  const TaskStatus& status = task.status;
  const auto same = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  if (!filter.states.empty() &&
      std::ranges::find(filter.states, status.state) == filter.states.end()) {
    return false;
  }
  if (filter.created_after != Time{} && task.created_at < filter.created_after) return false;
  if (filter.created_before != Time{} && task.created_at >= filter.created_before) return false;
  if (!has_labels(task, filter.labels)) return false;
  if (!filter.text.empty() && !mentions(task, filter.text)) return false;
  if (filter.finished_before != Time{} &&
      (status.finished_at == Time{} || status.finished_at >= filter.finished_before)) {
    return false;
  }
  if (request.id < filter.id_first) return false;
  if (!filter.id_last.is_nil() && request.id > filter.id_last) return false;
  return same(filter.queue, request.queue) && same(filter.kind, request.kind) &&
         same(filter.definition, request.definition) && same(filter.created_by, request.created_by);
}

/// By the time they finished, then by handle.
using Finish = std::pair<Time, std::int64_t>;

/// Fills a page task by task.
class PageFiller {
 public:
  PageFiller(const LedgerTable& table, const PageParams& params) : table_(table), params_(params) {}

  /// Adds a task that fits; false: the page has ended, and the rest belongs to the next one.
  bool add(const Task& task) {
    if (is_wanted(task)) {
      if (page_.tasks.size() == params_.limit) return end_at(page_.tasks.back());
      page_.tasks.push_back(task);
      bytes_ += text_bytes(task);
      if (params_.bytes_max > 0 && bytes_ >= params_.bytes_max) return end_at(task);
    }
    return ++looked_ != params_.looked_max || end_at(task);
  }
  TaskPage take() { return std::move(page_); }

 private:
  bool is_wanted(const Task& task) const {
    return matches(task, params_.filter) &&
           (params_.filter.waiters == Waiters::any || !table_.is_waited_for(task.id()));
  }
  bool end_at(const Task& last) {
    page_.next_cursor = to_cursor(
        params_.order, {.finished_at = to_micros(last.status.finished_at), .handle = last.handle});
    return false;
  }

  const LedgerTable& table_;
  const PageParams& params_;
  TaskPage page_;
  std::size_t looked_ = 0;
  std::size_t bytes_ = 0;
};

/// Fills a page from rows in the wanted order.
template <class Iterator>
TaskPage take_page(const LedgerTable& table, Iterator begin, Iterator end,
                   const PageParams& params) {
  PageFiller filler(table, params);
  while (begin != end && filler.add(begin->second.task)) ++begin;
  return filler.take();
}

Result<TaskPage> finished_page(const LedgerTable& table, const PageParams& params) {
  const auto after = parse_task_cursor(params.order, params.cursor);
  if (!after) return fail(after.error());
  const Time before = params.filter.finished_before;
  PageFiller filler(table, params);
  const Finish last(from_micros(after->finished_at), after->handle);
  for (auto at = table.finished().upper_bound(last); at != table.finished().end(); ++at) {
    if (before != Time{} && at->first >= before) break;
    if (!filler.add(table.at(at->second).task)) break;
  }
  return filler.take();
}

}  // namespace

Result<const LedgerTable::Row*> FakeLedger::row(const Uuid& id) const {
  const LedgerTable::Row* found = table_.find(id);
  if (found == nullptr) {
    return fail(Code::not_found,
                "no task " + to_string(id) + " in the ledger; retention may have removed it");
  }
  return found;
}

Result<Task> FakeLedger::get(const Uuid& id) {
  const Lock lock(mutex_);
  const auto found = row(id);
  if (!found) return fail(found.error());
  return (*found)->task;
}

Result<std::vector<HistoryEntry>> FakeLedger::history(const Uuid& id) {
  const Lock lock(mutex_);
  const auto found = row(id);
  if (!found) return fail(found.error());
  return (*found)->history;
}

Result<TaskPage> FakeLedger::page(const PageParams& params) {
  const Lock lock(mutex_);
  if (params.order == PageOrder::first_finished) return finished_page(table_, params);
  const auto& rows = table_.rows();
  const bool newest_first = params.order == PageOrder::newest_first;
  const auto last = parse_task_cursor(params.order, params.cursor);
  if (!last) return fail(last.error());
  if (newest_first) {
    return take_page(table_, std::make_reverse_iterator(rows.lower_bound(last->handle)),
                     rows.rend(), params);
  }
  return take_page(table_, rows.upper_bound(last->handle), rows.end(), params);
}

Result<std::vector<QueueCounts>> FakeLedger::counts() {
  const Lock lock(mutex_);
  std::vector<QueueCounts> counts;
  for (const auto& [queue, of_queue] : table_.counts()) counts.push_back(of_queue);
  return counts;
}

Result<std::vector<LedgerEvent>> FakeLedger::events(std::uint64_t after, std::size_t limit) {
  const Lock lock(mutex_);
  const auto& all = table_.events();
  // Sequences count from 1 without gaps here, so that they are positions too.
  const auto begin = std::min<std::size_t>(after, all.size());
  const auto end = begin + std::min(limit, all.size() - begin);
  return std::vector<LedgerEvent>(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                  all.begin() + static_cast<std::ptrdiff_t>(end));
}

Result<std::uint64_t> FakeLedger::last_sequence(std::optional<std::uint64_t> past,
                                                const Deadline& deadline) {
  for (;;) {
    const std::uint64_t seen = bell_.rung();
    std::uint64_t last = 0;
    {
      const Lock lock(mutex_);
      last = table_.events().empty() ? 0 : table_.events().back().sequence;
    }
    if (!past || last > *past) return last;
    if (bell_.wait(seen, deadline, clock_) == Bell::Woken::in_vain) return last;
  }
}

Result<std::vector<Dependency>> FakeLedger::dependencies(const Uuid& id) {
  const Lock lock(mutex_);
  const auto found = row(id);
  if (!found) return fail(found.error());
  std::vector<Dependency> dependencies;
  std::set<Uuid> seen;
  for (const Uuid& dependency : (*found)->task.request.waits_for) {
    if (!seen.insert(dependency).second) continue;
    const LedgerTable::Row* other = table_.find(dependency);
    if (other == nullptr) continue;  // removed since
    dependencies.push_back({.id = dependency, .state = other->task.status.state});
  }
  return dependencies;
}

Result<LedgerReader::Reported> FakeLedger::reported(const Uuid& id) {
  const Lock lock(mutex_);
  const auto found = row(id);
  if (!found) return fail(found.error());
  return (*found)->reported;
}

Result<Uuid> FakeLedger::holder(const std::string& key) {
  const Lock lock(mutex_);
  return table_.holder(key);
}

Result<std::size_t> FakeLedger::ahead(const Uuid& id, std::size_t limit) {
  const Lock lock(mutex_);
  const auto found = row(id);
  if (!found) return fail(found.error());
  const Task& task = (*found)->task;
  if (task.status.state != State::ready) return std::size_t{0};
  const LedgerTable::Place own{rank(task.request.priority, task.status.run_at), task.handle};
  std::size_t count = 0;
  for (const LedgerTable::Place& place : table_.ready(task.request.queue)) {
    if (place == own || count == limit) break;
    ++count;
  }
  return count;
}

}  // namespace waybill
