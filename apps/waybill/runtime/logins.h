#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "core/login.h"
#include "ports/http_client.h"
#include "ports/identity_provider.h"
#include "services/login_desk.h"
#include "services/permission_keeper.h"
#include "services/rule_desk.h"

namespace waybill::cli {

/// What the file of --login says, with the secrets that it names. `invalid_argument` lists
/// everything that is wrong with it.
struct LoginFile {
  LoginSettings settings;
  std::map<std::string, std::string> secrets;  ///< of the client, by name of the provider
  std::map<std::string, std::string> tokens;   ///< of the server, likewise
};
Result<LoginFile> read_login(const std::string& path);

/// The logins of this process, with what they need to ask the providers. Session and store outlive
/// it.
class Logins {
 public:
  /// None without --login.
  static Result<std::unique_ptr<Logins>> create(Session& session, Store& store);

  LoginDesk& desk() { return *desk_; }
  /// Who know people's rights on repositories, by provider.
  std::map<std::string, PermissionKeeper*> keepers() const;

 private:
  std::unique_ptr<HttpClient> http_;
  std::vector<std::unique_ptr<IdentityProvider>> providers_;
  std::unique_ptr<LoginDesk> desk_;
  std::vector<std::unique_ptr<RepositoryPermissions>> permissions_;
  std::map<std::string, std::unique_ptr<PermissionKeeper>> keepers_;
};

/// The rules who_may of the definitions, with the logins that they go by; both may be null.
struct Rules {
  std::unique_ptr<Logins> logins;
  std::unique_ptr<RuleDesk> desk;
};
/// Session, store and definitions outlive them.
Result<Rules> make_rules(Session& session, Store& store, const Definitions& definitions);

}  // namespace waybill::cli
