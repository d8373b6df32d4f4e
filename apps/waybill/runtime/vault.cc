#include "apps/waybill/runtime/vault.h"

#include <utility>

#include "adapters/local/system_random.h"
#include "apps/waybill/secret_key.h"

namespace waybill::cli {

Result<std::unique_ptr<SecretVault>> open_vault(Session& session, Store& store) {
  auto keys = read_secret_keys(session.config());
  if (!keys) return fail(keys.error());
  return std::make_unique<SecretVault>(
      store.beside().secrets, session.clock(),
      SecretVault::Params{
          .keys = std::move(*keys),
          .random_bytes = system_random_bytes,
          .read_keys = [config = session.config()] { return read_secret_keys(config); }});
}

}  // namespace waybill::cli
