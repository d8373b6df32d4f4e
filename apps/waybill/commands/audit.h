#pragma once

#include <string>
#include <string_view>

#include "apps/waybill/session.h"
#include "apps/waybill/store.h"

namespace waybill::cli {

/// Keeps in the audit log that who runs this has changed `subject`. The change stands, also if that
/// cannot be written: then a warning says so.
void keep_in_audit_log(Session& session, Store& store, std::string_view operation,
                       const std::string& subject);

}  // namespace waybill::cli
