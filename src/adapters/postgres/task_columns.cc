#include "adapters/postgres/task_columns.h"

#include <utility>

#include "core/priority.h"

namespace waybill::postgres {

void TaskColumns::add(const TaskRequest& request, const PreparedInsert::Item& item,
                      std::int64_t lane, Time now) {
  const TaskStatus& status = item.acceptance.status;
  ids_.add(request.id);
  lanes_.add(lane);
  priorities_.add(std::int64_t{request.priority});
  states_.add(static_cast<std::int64_t>(status.state));
  waiting_for_.add(std::int64_t{status.waiting_for});
  run_at_.add(to_micros(status.run_at));
  const bool ready = status.state == State::ready;
  ready ? ranks_.add(rank(request.priority, status.run_at)) : ranks_.add_null();
  request.dedup_key.empty() ? keys_.add_null() : keys_.add(request.dedup_key);
  scopes_.add(static_cast<std::int64_t>(request.dedup_scope));
  details_.add(item.detail);
  entries_.add(item.entry);
  created_at_.add(to_micros(now));
  definitions_.add(request.definition);
  creators_.add(request.created_by);
  specs_.add(request.spec);
  params_.add(request.params);
  rests_.add(item.rest);
}

Params TaskColumns::take() {
  Params all;
  for (Array* array : {&ids_, &lanes_, &priorities_, &states_, &waiting_for_, &run_at_, &ranks_,
                       &keys_, &scopes_, &details_, &entries_, &created_at_, &definitions_,
                       &creators_, &specs_, &params_, &rests_}) {
    all.array(std::move(*array));
  }
  return all;
}

Params TaskColumns::take_plain() {
  Params all;
  all.array(std::move(ids_));
  for (Array* array :
       {&lanes_, &priorities_, &states_, &run_at_, &ranks_, &scopes_, &details_, &entries_,
        &created_at_, &definitions_, &creators_, &specs_, &params_, &rests_}) {
    all.array(std::move(array->collapse()));
  }
  return all;
}

}  // namespace waybill::postgres
