#include <boost/json.hpp>

#include "adapters/sqlite/sqlite_ledger.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/session.h"

namespace waybill::cli {
namespace {

Exit show_version(Session& session, const Invocation&) {
  if (session.output().json()) {
    session.output().json_line(boost::json::object{{"version", WAYBILL_VERSION},
                                                   {"ledger_schema", sqlite_schema_version()}});
  } else {
    session.output().data("waybill " WAYBILL_VERSION ", ledger schema " +
                          std::to_string(sqlite_schema_version()) + "\n");
  }
  return 0;
}

}  // namespace

Command version_command() {
  return {.path = "version",
          .summary = "Print the version",
          .examples = {"waybill version", "waybill version --json"},
          .run = show_version};
}

}  // namespace waybill::cli
