#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/mutex.h"
#include "core/event_filter.h"
#include "ports/ledger_reader.h"

namespace waybill::http {

/// Chooses events, also by what their tasks are. That is not in the event: it is read from the
/// ledger, once for the events of a task that come close to each other, and only for filters that
/// ask for it. Thread-safe.
class EventSieve {
 public:
  /// Tasks that are remembered, at least.
  static constexpr std::size_t kRemembered = 10'000;

  /// `reader` outlives it.
  explicit EventSieve(TaskReader& reader) : reader_(reader) {}

  enum class Verdict : std::uint8_t { wanted, unwanted, later };
  /// `reads_left`: how many tasks may be read yet; `later`: this takes one more. A task that is
  /// gone, or damaged, is wanted by no filter that asks for it. Errors: those of the ledger.
  Result<Verdict> look(const EventFilter& filter, const LedgerEvent& event,
                       std::size_t& reads_left);

 private:
  using Traits = std::shared_ptr<const TaskTraits>;  // shared by the map and who looks at it

  Traits remembered(const Uuid& id) EXCLUDES(mutex_);
  void remember(const Uuid& id, Traits traits) EXCLUDES(mutex_);

  TaskReader& reader_;
  Mutex mutex_;
  // Two generations: when the young one is full, it takes the place of the old.
  std::unordered_map<Uuid, Traits> young_ GUARDED_BY(mutex_);
  std::unordered_map<Uuid, Traits> old_ GUARDED_BY(mutex_);
};

}  // namespace waybill::http
