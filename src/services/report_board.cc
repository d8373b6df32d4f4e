#include "services/report_board.h"

#include <utility>

namespace waybill {

bool ReportBoard::put(const RunKey& key, std::string_view progress, std::string_view checkpoint,
                      SteadyTime now) {
  const Lock lock(mutex_);
  Report& report = reports_[key];
  report.id = key.task;
  report.fence = key.fence;
  if (!progress.empty()) report.progress = progress;
  if (!checkpoint.empty()) report.checkpoint = checkpoint;
  if (now < next_told_) return false;
  next_told_ = now + tell_every_;
  return true;
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
