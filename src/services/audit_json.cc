#include "services/audit_json.h"

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/task_json.h"

namespace waybill {

namespace bj = boost::json;

std::string_view to_string(AuditOutcome outcome) {
  static constexpr std::array<std::string_view, kAuditOutcomeCount> kNames = {"done", "refused",
                                                                              "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

bj::object audit_to_json(const AuditPage& page) {
  bj::array entries;
  for (const AuditEntry& entry : page.entries) {
    entries.push_back(bj::object{{"at", time_to_json(entry.at)},
                                 {"who", json::text(entry.who)},
                                 {"from", json::text_or_null(entry.from)},
                                 {"operation", json::text(entry.operation)},
                                 {"subject", json::text_or_null(entry.subject)},
                                 {"count", entry.count},
                                 {"outcome", json::text(to_string(entry.outcome))},
                                 {"reason", json::text_or_null(entry.reason)}});
  }
  return {{"entries", std::move(entries)}, {"next_cursor", json::text_or_null(page.next_cursor)}};
}

}  // namespace waybill
