#include "apps/waybill/runtime/vault.h"

#include <utility>

#include "adapters/local/system_random.h"
#include "apps/waybill/secret_key.h"

namespace waybill::cli {

Result<std::unique_ptr<SecretVault>> open_vault(Session& session, Store& store) {
  auto key = read_secret_key(session.config());
  if (!key) return fail(key.error());
  return std::make_unique<SecretVault>(
      store.beside().secrets, session.clock(),
      SecretVault::Params{.key = std::move(*key), .random_bytes = system_random_bytes});
}

}  // namespace waybill::cli
