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

namespace waybill::cli {

/// What the file of --login says, with the secrets that it names. `invalid_argument` lists
/// everything that is wrong with it.
struct LoginFile {
  LoginSettings settings;
  std::map<std::string, std::string> secrets;  ///< of the client, by name of the provider
};
Result<LoginFile> read_login(const std::string& path);

/// The logins of this process, with what they need to ask the providers. Session and store outlive
/// it.
class Logins {
 public:
  /// None without --login.
  static Result<std::unique_ptr<Logins>> create(Session& session, Store& store);

  LoginDesk& desk() { return *desk_; }

 private:
  std::unique_ptr<HttpClient> http_;
  std::vector<std::unique_ptr<IdentityProvider>> providers_;
  std::unique_ptr<LoginDesk> desk_;
};

}  // namespace waybill::cli
