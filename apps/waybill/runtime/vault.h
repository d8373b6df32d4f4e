#pragma once

#include <memory>

#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "services/secret_vault.h"

namespace waybill::cli {

/// The store's secrets under the keys of this process, if it has any (apps/waybill/secret_key.h).
/// Session and store outlive it.
Result<std::unique_ptr<SecretVault>> open_vault(Session& session, Store& store);

}  // namespace waybill::cli
