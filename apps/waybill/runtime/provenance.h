#pragma once

#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "services/provenance_desk.h"

namespace waybill::cli {

/// What a store tells of finished tasks and runs, signed with the key of this session's settings
/// (apps/waybill/provenance_key.h). The store outlives it.
ProvenanceDesk make_provenance_desk(const Session& session, Store& store);

}  // namespace waybill::cli
