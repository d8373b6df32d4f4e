#include "adapters/sqlite/run_rows.h"

#include <utility>

#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

tl::unexpected<Error> damaged_run(std::string_view what, const std::string& which) {
  return fail(Code::data_loss, std::string(what) + " " + which +
                                   " is damaged in the ledger; restore a backup, or have retention "
                                   "remove its run");
}

}  // namespace

Result<pipeline::KeptRun> read_run(Statement& row) {
  const std::string_view id = row.blob(1);
  const std::int64_t state = row.integer(9);
  const std::int64_t stop = row.integer(14);
  if (id.size() != Uuid{}.bytes.size() || state < 0 || state >= pipeline::kRunStateCount ||
      stop < 0 || stop > static_cast<std::int64_t>(pipeline::Stop::at_once)) {
    return damaged_run("run number", std::to_string(row.integer(0)));
  }
  auto anew = pipeline::read_names(row.text(6));
  if (!anew) return damaged_run("run", to_string(to_uuid(id)));
  pipeline::KeptRun run{.id = to_uuid(id),
                        .pipeline = std::string(row.text(2)),
                        .plan = std::string(row.text(3)),
                        .params = std::string(row.text(18)),
                        .priority = {},
                        .reuse_from = {},
                        .anew = std::move(*anew),
                        .created_by = std::string(row.text(7)),
                        .created_at = from_micros(row.integer(8)),
                        .state = static_cast<pipeline::RunState>(state),
                        .started_at = from_micros(row.integer(10)),
                        .ended_at = from_micros(row.integer(11)),
                        .outputs = std::string(row.text(19)),
                        .error = std::string(row.text(12)),
                        .next_at = from_micros(row.integer(13)),
                        .stop = {.stop = static_cast<pipeline::Stop>(stop),
                                 .by = std::string(row.text(15)),
                                 .reason = std::string(row.text(16))},
                        .asked = row.integer(17)};
  if (!row.is_null(4)) run.priority = static_cast<int>(row.integer(4));
  if (!row.is_null(5)) run.reuse_from = to_uuid(row.blob(5));
  return run;
}

Result<pipeline::KeptNode> read_run_node(Statement& row) {
  const std::string path(row.text(0));
  const std::int64_t kind = row.integer(1);
  const std::int64_t state = row.integer(2);
  const std::int64_t stop = row.integer(3);
  auto fingerprint = pipeline::read_fingerprint(row.text(7));
  if (kind < 0 || kind > static_cast<std::int64_t>(pipeline::BegunAs::group) || state < 0 ||
      state > static_cast<std::int64_t>(pipeline::NodeState::skipped) || stop < 0 ||
      stop > static_cast<std::int64_t>(pipeline::Stop::at_once) || !fingerprint) {
    return damaged_run("step", path);
  }
  pipeline::KeptNode node{.path = path,
                          .kind = static_cast<pipeline::BegunAs>(kind),
                          .record = {.state = static_cast<pipeline::NodeState>(state),
                                     .stop = static_cast<pipeline::Stop>(stop),
                                     .due = from_micros(row.integer(4)),
                                     .outputs = std::string(row.text(5)),
                                     .artifacts = std::string(row.text(13)),
                                     .error = std::string(row.text(6)),
                                     .fingerprint = std::move(*fingerprint),
                                     .bytes = static_cast<std::uint64_t>(row.integer(14))},
                          .is_reused = row.integer(8) != 0,
                          .wait = {},
                          .decision = {},
                          .began_at = from_micros(row.integer(11)),
                          .ended_at = from_micros(row.integer(12))};
  if (const std::string_view text = row.text(9); !text.empty()) {
    auto wait = pipeline::read_kept_wait(text);
    if (!wait) return damaged_run("step", path);
    node.wait = std::move(*wait);
  }
  if (const std::string_view text = row.text(10); !text.empty()) {
    auto decision = pipeline::read_decision(text);
    if (!decision) return damaged_run("step", path);
    node.decision = std::move(*decision);
  }
  return node;
}

}  // namespace waybill::sqlite
