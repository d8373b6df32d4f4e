#include "testing/fake_chronicle.h"

#include <algorithm>

namespace waybill {
namespace {

template <class Row>
void add_row(std::vector<Row>& rows, Row row, std::size_t kept) {
  row.number = rows.empty() ? 1 : rows.back().number + 1;
  rows.push_back(std::move(row));
  if (rows.size() > kept) rows.erase(rows.begin());
}

template <class Row>
std::vector<Row> newest_before(const std::vector<Row>& rows, std::int64_t before,
                               std::size_t limit) {
  std::vector<Row> page;
  for (auto row = rows.rbegin(); row != rows.rend() && page.size() < limit; ++row) {
    if (row->number < before) page.push_back(*row);
  }
  return page;
}

ScanPass without_report(ScanPass pass) {
  pass.report = "{}";
  return pass;
}

}  // namespace

Status FakeChronicle::keep_pass(const ScanPass& pass) {
  const Lock lock(mutex_);
  std::vector<ScanPass>& rows = passes_[pass.scan];
  if (rows.empty() || digest_of(rows.back()) != digest_of(pass)) {
    add_row(rows, pass, kPassesKept);
    return {};
  }
  rows.back().last_at = pass.last_at;
  rows.back().passes += pass.passes;
  rows.back().summary = pass.summary;
  return {};
}

Result<std::vector<ScanPass>> FakeChronicle::latest_passes() {
  const Lock lock(mutex_);
  std::vector<ScanPass> latest;
  for (const auto& [scan, rows] : passes_) {
    if (!rows.empty()) latest.push_back(without_report(rows.back()));
  }
  return latest;
}

Result<std::vector<ScanPass>> FakeChronicle::passes(const PassQuery& query) {
  const Lock lock(mutex_);
  std::vector<ScanPass> page = newest_before(passes_[query.scan], query.before, query.limit);
  for (ScanPass& pass : page) pass = without_report(std::move(pass));
  return page;
}

Result<ScanPass> FakeChronicle::pass(const std::string& scan, std::int64_t number) {
  const Lock lock(mutex_);
  for (const ScanPass& pass : passes_[scan]) {
    if (pass.number == number) return pass;
  }
  return no_pass(scan, number);
}

Status FakeChronicle::note_definitions(std::span<const DefinitionVersion> held) {
  const Lock lock(mutex_);
  for (const DefinitionVersion& version : held) {
    std::vector<DefinitionVersion>& rows = versions_[{version.map, version.name}];
    if (!rows.empty() && digest_of(rows.back()) == digest_of(version)) continue;
    add_row(rows, version, kVersionsKept);
  }
  return {};
}

Result<std::vector<DefinitionVersion>> FakeChronicle::versions(const VersionQuery& query) {
  const Lock lock(mutex_);
  return newest_before(versions_[{query.map, query.name}], query.before, query.limit);
}

}  // namespace waybill
