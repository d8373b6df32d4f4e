#include "apps/waybill/runtime/events.h"

#include <boost/json.hpp>

#include "apps/waybill/commands/views.h"
#include "base/json.h"
#include "core/task_json.h"
#include "services/scan_json.h"

namespace waybill::cli {

namespace bj = boost::json;

void tell_event(Session& session, std::string_view event, bj::object fields) {
  if (!session.output().json()) return;
  bj::object line{{"event", json::text(event)}, {"at", time_to_json(session.clock().now())}};
  for (auto& field : fields) line[field.key()] = std::move(field.value());
  session.output().json_line(line);
}

void tell_scan(Session& session, const Result<ScanReport>& report) {
  if (report) return tell_event(session, "scanned", {{"report", scan_to_json(*report)}});
  if (report.error().code == Code::cancelled) return;  // the process ends
  tell_event(session, "scan_failed",
             {{"error",
               {{"code", json::text(to_string(report.error().code))},
                {"message", report.error().message}}}});
}

}  // namespace waybill::cli
