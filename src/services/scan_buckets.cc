#include "services/scan_buckets.h"

namespace waybill {

std::vector<std::string> tasks_of(const ScanDefinition& scan) {
  if (const auto* prio = std::get_if<PrioScan>(&scan.planner)) {
    return {prio->intake_task, prio->aggregate_task};
  }
  return {std::get<BatchScan>(scan.planner).task};
}

std::string marker_url(const ScanDefinition& scan) {
  if (const auto* prio = std::get_if<PrioScan>(&scan.planner)) return prio->own_url;
  const auto& batches = std::get<BatchScan>(scan.planner);
  const bool implied = batches.marker_url.empty() && !batches.sources.empty();
  return implied ? batches.sources.begin()->second : batches.marker_url;
}

std::vector<std::string> bucket_urls(const ScanDefinition& scan) {
  if (const auto* prio = std::get_if<PrioScan>(&scan.planner)) {
    return {prio->ingestion_url, prio->own_url, prio->peer_url};
  }
  std::vector<std::string> urls = {marker_url(scan)};
  for (const auto& [name, url] : std::get<BatchScan>(scan.planner).sources) urls.push_back(url);
  return urls;
}

Result<std::string> bucket_url(const ScanDefinition& scan, std::string_view source) {
  if (source == kMarkerSource) return marker_url(scan);
  if (const auto* prio = std::get_if<PrioScan>(&scan.planner)) {
    if (source == "ingestion") return prio->ingestion_url;
    if (source == "own") return prio->own_url;
    if (source == "peer") return prio->peer_url;
  } else {
    const auto& sources = std::get<BatchScan>(scan.planner).sources;
    if (const auto found = sources.find(std::string(source)); found != sources.end()) {
      return found->second;
    }
  }
  return fail(Code::invalid_argument,
              "scan " + scan.name + " has no bucket named '" + std::string(source) + "'");
}

}  // namespace waybill
