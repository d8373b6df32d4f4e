#include "apps/waybill/runtime/scan_keeping.h"

#include <vector>

#include "base/log.h"
#include "services/scan_json.h"

namespace waybill::cli {

void keep_scan(Store& store, const std::string& scan, const Result<ScanReport>& report) {
  // Asked to stop: it says nothing of the bucket.
  if (!report && report.error().code == Code::cancelled) return;
  const ScanPass pass = scan_pass_of(scan, report, store.ledger().now());
  const Status kept = store.beside().chronicle.keep_pass(pass);
  if (kept) return;
  log::error("scan_not_kept", "what a scan found could not be kept for those who look later",
             {{"scan", scan}, {"error", kept.error().message}});
}

void keep_definitions(Store& store, const Definitions& definitions) {
  const Time now = store.ledger().now();
  std::vector<DefinitionVersion> held;
  for (const char* map : {"tasks", "pipelines"}) {
    const auto places = definitions.places.find(map);
    if (places == definitions.places.end()) continue;
    for (const auto& [name, place] : places->second) {
      DefinitionVersion version{.map = map,
                                .name = name,
                                .since = now,
                                .file = place.origin ? place.origin->path : place.file,
                                .line = place.at.line,
                                .definition = place.json};
      if (place.origin) {
        version.repository = place.origin->repository;
        version.commit = place.origin->commit;
      }
      held.push_back(std::move(version));
    }
  }
  const Status kept = store.beside().chronicle.note_definitions(held);
  if (kept) return;
  log::error("definitions_not_kept",
             "versions of definitions could not be kept for those who "
             "look later",
             {{"error", kept.error().message}});
}

}  // namespace waybill::cli
