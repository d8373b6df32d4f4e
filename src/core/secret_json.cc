#include "core/secret_json.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "core/task_json.h"

namespace waybill {

boost::json::object secret_to_json(const SecretRecord& record) {
  return {{"name", record.name},
          {"key_id", record.key_id},
          {"created_at", time_to_json(record.created_at)},
          {"changed_at", time_to_json(record.changed_at)},
          {"changed_by", json::text(record.changed_by)}};
}

}  // namespace waybill
