#include "adapters/postgres/prepared_insert.h"

#include <algorithm>

#include "core/history.h"
#include "core/task_record.h"

namespace waybill::postgres {

PreparedInsert::Item PreparedInsert::accepted(const TaskRequest& request, std::uint32_t waiting_for,
                                              Time now) {
  Item item{.acceptance = accept(request, waiting_for, now)};
  item.detail = encode_detail(item.acceptance.status);
  append_history(item.entry, item.acceptance.entry);
  item.rest = encode_rest(request);
  return item;
}

PreparedInsert::PreparedInsert(std::span<const TaskRequest> requests,
                               std::vector<std::int64_t> lanes, Time now)
    : requests_(requests), lanes_(std::move(lanes)), now_(now) {
  items_.reserve(requests.size());
  for (const TaskRequest& request : requests) {
    items_.push_back(accepted(request, 0, now));
    bytes_ += request.params.size() + request.spec.size() + items_.back().rest.size();
  }
}

bool PreparedInsert::must_look() const {
  return std::ranges::any_of(requests_, [](const TaskRequest& request) {
    return !request.waits_for.empty() || !request.dedup_key.empty();
  });
}

}  // namespace waybill::postgres
