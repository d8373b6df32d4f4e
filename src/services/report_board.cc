#include "services/report_board.h"

#include <utility>

namespace waybill {

bool ReportBoard::put(const RunKey& key, std::string_view progress, std::string_view checkpoint) {
  const Lock lock(mutex_);
  const bool was_empty = reports_.empty();
  Report& report = reports_[key];
  report.id = key.task;
  report.fence = key.fence;
  if (!progress.empty()) report.progress = progress;
  if (!checkpoint.empty()) report.checkpoint = checkpoint;
  return was_empty;
}

std::vector<Report> ReportBoard::take() {
  std::unordered_map<RunKey, Report, RunKeyHash> taken;
  {
    const Lock lock(mutex_);
    if (reports_.empty()) return {};
    taken.swap(reports_);
  }
  std::vector<Report> reports;
  reports.reserve(taken.size());
  for (auto& [key, report] : taken) reports.push_back(std::move(report));
  return reports;
}

}  // namespace waybill
