#include "http/api/event_sieve.h"

#include <utility>

namespace waybill::http {

Result<EventSieve::Verdict> EventSieve::look(const EventFilter& filter, const LedgerEvent& event,
                                             std::size_t& reads_left) {
  if (!wants_change(filter, event.id, event.queue, event.entry.state)) return Verdict::unwanted;
  if (!asks_for_task(filter)) return Verdict::wanted;
  Traits traits = remembered(event.id);
  if (!traits) {
    if (reads_left == 0) return Verdict::later;
    --reads_left;
    const auto task = reader_.get(event.id);
    if (!task) {
      const Code code = task.error().code;
      if (code == Code::not_found || code == Code::data_loss) return Verdict::unwanted;
      return fail(task.error());
    }
    traits = std::make_shared<const TaskTraits>(traits_of(task->request));
    remember(event.id, traits);
  }
  return wants_task(filter, *traits) ? Verdict::wanted : Verdict::unwanted;
}

EventSieve::Traits EventSieve::remembered(const Uuid& id) {
  const Lock lock(mutex_);
  if (const auto found = young_.find(id); found != young_.end()) return found->second;
  const auto found = old_.find(id);
  if (found == old_.end()) return nullptr;
  return young_[id] = found->second;
}

void EventSieve::remember(const Uuid& id, Traits traits) {
  const Lock lock(mutex_);
  if (young_.size() >= kRemembered) old_ = std::exchange(young_, {});
  young_[id] = std::move(traits);
}

}  // namespace waybill::http
