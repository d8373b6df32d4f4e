#include "testing/request_difference.h"

namespace waybill {

std::string request_difference(const TaskRequest& asked, const TaskRequest& stored) {
  if (stored.id != asked.id) return "id";
  if (stored.queue != asked.queue) return "queue";
  if (stored.kind != asked.kind) return "kind";
  if (stored.definition != asked.definition) return "definition";
  if (stored.spec != asked.spec) return "spec";
  if (stored.params != asked.params) return "params";
  if (stored.priority != asked.priority) return "priority";
  if (stored.run_at != asked.run_at) return "run_at";
  if (stored.run_time_max != asked.run_time_max) return "run_time_max";
  if (stored.retry != asked.retry) return "retry";
  if (stored.dedup_key != asked.dedup_key) return "dedup_key";
  if (stored.dedup_scope != asked.dedup_scope) return "dedup_scope";
  if (stored.labels != asked.labels) return "labels";
  if (stored.created_by != asked.created_by) return "created_by";
  return {};
}

}  // namespace waybill
