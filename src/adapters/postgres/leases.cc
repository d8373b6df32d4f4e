#include "adapters/postgres/leases.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "adapters/postgres/load.h"
#include "core/task_record.h"

namespace waybill::postgres {

void LeasePart::write(Batch& batch) {
  Array ids(Array::Of::uuids);
  Array fences(Array::Of::integers);
  Array until(Array::Of::integers);
  const Time now = round_.time.now();
  Array report_ids(Array::Of::uuids);
  Array report_fences(Array::Of::integers);
  Array progress(Array::Of::texts);
  Array checkpoints(Array::Of::texts);
  for (WriteCall* call : calls_) {
    call->extended.assign(call->extensions.size(), ExtendOutcome::lost);
    for (std::size_t i = 0; i < call->extensions.size(); ++i) {
      const Extension& extension = call->extensions[i];
      const auto [place, fresh] =
          extended_.emplace(std::pair(extension.id, extension.fence), extensions_.size());
      if (!fresh) {
        repeated_.emplace_back(&call->extended[i], place->second);
        continue;
      }
      ids.add(extension.id);
      fences.add(static_cast<std::int64_t>(extension.fence));
      until.add(to_micros(now + extension.lease));
      extensions_.push_back(&call->extended[i]);
    }
    if (call->reports.empty()) continue;
    call->statuses.assign(call->reports.size(), Status());
    for (std::size_t i = 0; i < call->reports.size(); ++i) {
      const Report& report = call->reports[i];
      report_ids.add(report.id);
      report_fences.add(static_cast<std::int64_t>(report.fence));
      progress.add(report.progress);
      checkpoints.add(report.checkpoint);
      reports_.emplace_back(&call->statuses[i], &report);
    }
  }
  if (ids.size() > 0) {
    Params params;
    params.array(std::move(ids)).array(std::move(fences)).array(std::move(until));
    batch.add(Sql::extend_leases, std::move(params),
              [this](const Rows& rows) { return take_extended(rows); });
  }
  if (report_ids.size() == 0) return;
  Params params;
  params.array(std::move(report_ids)).array(std::move(report_fences));
  params.array(std::move(progress)).array(std::move(checkpoints));
  batch.add(Sql::put_reports, std::move(params),
            [this](const Rows& rows) { return take_recorded(rows); });
}

Status LeasePart::take_extended(const Rows& rows) {
  for (int row = 0; row < rows.size(); ++row) {
    TaskStatus detail;
    if (Status decoded = decode_detail(rows.text(row, 1), detail); !decoded) return decoded;
    *extensions_[static_cast<std::size_t>(rows.integer(row, 0) - 1)] =
        detail.cancel.requested() ? ExtendOutcome::cancel_requested : ExtendOutcome::extended;
  }
  for (const auto& [answer, place] : repeated_) *answer = *extensions_[place];
  return {};
}

Status LeasePart::take_recorded(const Rows& rows) {
  std::unordered_set<std::int64_t> recorded;
  for (int row = 0; row < rows.size(); ++row) recorded.insert(rows.integer(row, 0));
  for (std::size_t i = 0; i < reports_.size(); ++i) {
    if (!recorded.contains(static_cast<std::int64_t>(i) + 1)) unanswered_.push_back(reports_[i]);
  }
  return {};
}

void LeasePart::explain(Batch& batch) {
  if (unanswered_.empty()) return;
  Array ids(Array::Of::uuids);
  for (const auto& [answer, report] : unanswered_) ids.add(report->id);
  batch.add(Sql::known_ids, Params().array(std::move(ids)),
            [this](const Rows& rows) { return take_known(rows); });
}

Status LeasePart::take_known(const Rows& rows) {
  std::unordered_set<Uuid> known;
  for (int row = 0; row < rows.size(); ++row) known.insert(rows.uuid(row, 0));
  for (const auto& [answer, report] : unanswered_) {
    if (!known.contains(report->id)) {
      *answer = fail(unknown_task(report->id));
      continue;
    }
    *answer = fail(Code::aborted, "task " + to_string(report->id) + " is not leased with fence " +
                                      std::to_string(report->fence) + " any more");
  }
  return {};
}

void RemovePart::look(Batch& batch) {
  if (calls_.empty()) return;
  std::vector<Uuid> ids;
  for (const WriteCall* call : calls_) {
    ids.insert(ids.end(), call->removals.begin(), call->removals.end());
  }
  batch.add(Sql::finished_of_ids, std::move(Params().uuids(ids)),
            [this](const Rows& rows) { return take_found(rows); });
  batch.add(Sql::waits_on, std::move(Params().uuids(ids)),
            [this](const Rows& rows) { return take_waits(rows); });
}

Status RemovePart::take_found(const Rows& rows) {
  for (int row = 0; row < rows.size(); ++row) {
    found_[rows.uuid(row, 0)] = {.handle = rows.integer(row, 1),
                                 .lane = rows.integer(row, 2),
                                 .state = static_cast<State>(rows.integer(row, 3)),
                                 .finished_at = from_micros(rows.integer(row, 4))};
  }
  return {};
}

Status RemovePart::take_waits(const Rows& rows) {
  for (int row = 0; row < rows.size(); ++row) {
    waits_.emplace(rows.uuid(row, 0), rows.integer(row, 1));
  }
  return {};
}

void RemovePart::decide(WriteCall& call) {
  for (const Uuid& id : call.removals) {
    const auto found = found_.find(id);
    if (found == found_.end() || found->second.finished_at >= call.finished_before) continue;
    if (waits_.contains(id)) continue;
    const Found task = found->second;
    found_.erase(found);
    std::erase_if(waits_, [&](const auto& wait) { return wait.second == task.handle; });
    removed_.push_back(task.handle);
    removed_ids_.push_back(id);
    const auto outcome = static_cast<std::size_t>(task.state) - 4;
    ++counts_[task.lane][outcome];
    call.removed.push_back(id);
  }
}

void RemovePart::write(Batch& batch) {
  for (WriteCall* call : calls_) decide(*call);
  if (removed_.empty()) return;
  batch.add(Sql::remove_finished, std::move(Params().integers(removed_)));
  batch.add(Sql::remove_ids, std::move(Params().uuids(removed_ids_)));
  batch.add(Sql::remove_reports, std::move(Params().integers(removed_)));
  batch.add(Sql::remove_waits_of, std::move(Params().integers(removed_)));
  batch.add(Sql::remove_artifacts, std::move(Params().integers(removed_)));
  Array lanes(Array::Of::integers);
  Array succeeded(Array::Of::integers);
  Array failed(Array::Of::integers);
  Array cancelled(Array::Of::integers);
  for (const auto& [lane, counts] : counts_) {
    lanes.add(lane);
    succeeded.add(counts[0]);
    failed.add(counts[1]);
    cancelled.add(counts[2]);
  }
  Params params;
  params.array(std::move(lanes)).array(std::move(succeeded));
  params.array(std::move(failed)).array(std::move(cancelled));
  batch.add(Sql::discount, std::move(params));
}

}  // namespace waybill::postgres
