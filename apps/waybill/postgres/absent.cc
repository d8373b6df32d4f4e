// For a program that is built without PostgreSQL.

#include "apps/waybill/postgres_store.h"

namespace waybill::cli {
namespace {

tl::unexpected<Error> absent() {
  return fail(Code::unimplemented,
              "this waybill was built without PostgreSQL; leave --ledger out, or take a build that "
              "has it");
}

}  // namespace

Result<std::unique_ptr<Store>> open_postgres_store(const Config&, Clock&, OpenStore,
                                                   std::stop_token) {
  return absent();
}
Status require_postgres_ledger(const Config&) { return absent(); }
Result<SchemaStep> bring_postgres_schema(const Config&, Clock&) { return absent(); }
Result<SchemaStep> plan_postgres_schema(const Config&, Clock&) { return absent(); }
Result<std::unique_ptr<LedgerImage>> postgres_image(const std::string&, Clock&) {
  return absent();
}
Result<std::unique_ptr<LedgerDraft>> postgres_draft(const std::string&, Clock&) {
  return absent();
}
Status postgres_vacant(const std::string&, Clock&) { return absent(); }
Status refuse_postgres_backup() { return absent(); }

}  // namespace waybill::cli
