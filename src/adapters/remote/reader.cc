#include <boost/json.hpp>

#include "adapters/remote/ledger.h"
#include "adapters/remote/task_wire.h"

namespace waybill {

Result<Task> RemoteReader::get(const Uuid& id) {
  const std::string path = "/v1/tasks/" + to_string(id);
  const auto answer = server_.get(path);
  if (!answer) return fail(answer.error());
  try {
    return task_from_json(*answer);
  } catch (const std::exception& error) {
    return server_.not_understood(path, error.what());
  }
}

/// Progress is for those who look at the task; a worker is given only the checkpoint.
Result<TaskReader::Reported> RemoteReader::reported(const Uuid& id) {
  const auto held = held_.find(id);
  return Reported{.progress = {}, .checkpoint = held ? held->checkpoint : std::string()};
}

}  // namespace waybill
