#pragma once

#include <cstdint>

#include "adapters/postgres/prepared_insert.h"
#include "adapters/postgres/values.h"
#include "core/task.h"

namespace waybill::postgres {

/// Parameters of insert_tasks, or of insert_group.
class TaskColumns {
 public:
  /// Adds a request of a call, with what is stored of it.
  void add(const TaskRequest& request, const PreparedInsert::Item& item, std::int64_t lane,
           Time now);
  std::size_t size() const { return ids_.size(); }
  Params take();
  /// The first of insert_group, of tasks that wait for none and have no key.
  Params take_plain();

 private:
  using Of = Array::Of;
  Array ids_{Of::uuids}, lanes_{Of::integers}, priorities_{Of::integers}, states_{Of::integers},
      waiting_for_{Of::integers}, run_at_{Of::integers}, ranks_{Of::integers}, keys_{Of::bytes},
      scopes_{Of::integers}, details_{Of::bytes}, entries_{Of::bytes}, created_at_{Of::integers},
      definitions_{Of::texts}, creators_{Of::texts}, specs_{Of::texts}, params_{Of::texts},
      rests_{Of::bytes};
};

}  // namespace waybill::postgres
