#include "core/token_json.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "core/task_json.h"

namespace waybill {

boost::json::object token_to_json(const TokenRecord& record, Time now) {
  namespace bj = boost::json;
  return {
      {"id", record.id},
      {"name", record.name},
      {"role", json::text(to_string(record.role))},
      {"rate_limit", record.rate_limit == 0 ? bj::value(nullptr) : bj::value(record.rate_limit)},
      {"state", json::text(to_string(state_of(record, now)))},
      {"created_at", time_to_json(record.created_at)},
      {"created_by", json::text(record.created_by)},
      {"expires_at", time_to_json(record.expires_at)},
      {"revoked_at", time_to_json(record.revoked_at)},
      {"last_used_at", time_to_json(record.last_used_at)}};
}

}  // namespace waybill
