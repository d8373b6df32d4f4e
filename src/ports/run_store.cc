#include "ports/run_store.h"

namespace waybill {

std::pair<std::int64_t, std::int64_t> RunQuery::created_us() const {
  return {to_micros(created_after),
          created_before == Time{} ? INT64_MAX : to_micros(created_before)};
}

std::size_t text_bytes(const pipeline::KeptRun& run) {
  return run.params.size() + run.outputs.size() + run.error.size();
}

std::size_t text_bytes(const pipeline::KeptNode& node) {
  return node.path.size() + node.record.outputs.size() + node.record.artifacts.size() +
         node.record.error.size();
}

bool is_full(const std::vector<pipeline::KeptNode>& nodes, const NodeQuery& query) {
  if (nodes.empty()) return false;
  if (nodes.size() >= query.limit) return true;
  std::size_t bytes = 0;
  for (const pipeline::KeptNode& node : nodes) bytes += text_bytes(node);
  return query.bytes_max > 0 && bytes >= query.bytes_max;
}

Result<bool> hold_one(RunStore& store, const RunHold& hold) {
  const auto held = store.hold(std::span(&hold, 1));
  if (!held) return fail(held.error());
  return held->front();
}

Error no_run(const Uuid& id) {
  return {.code = Code::not_found,
          .message = "no run " + to_string(id) + " in the ledger; retention may have removed it"};
}

Error run_has_ended(const Uuid& id) {
  return {.code = Code::failed_precondition, .message = "run " + to_string(id) + " has ended"};
}

Error no_open_approval(const RunAsk& ask) {
  return {.code = Code::failed_precondition,
          .message = "run " + to_string(ask.id) + " waits for no approval at \"" + ask.path +
                     "\"; see `waybill run show " + to_string(ask.id) + "`"};
}

Error run_not_held(const Uuid& id) {
  return {.code = Code::aborted,
          .message = "run " + to_string(id) + " is carried on by another server, or has ended"};
}

}  // namespace waybill
