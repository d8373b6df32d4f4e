#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "base/file_stamp.h"
#include "core/login.h"
#include "ports/http_client.h"
#include "ports/identity_provider.h"
#include "services/login_desk.h"
#include "services/permission_keeper.h"
#include "services/rule_desk.h"
#include "services/service.h"

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
/// it. As a service it looks at the login file, and the files that it names, every second and goes
/// by what they say once that has changed; what is wrong is told in the log, and what they said
/// before stands.
class Logins final : public Service {
 public:
  /// None without --login.
  static Result<std::unique_ptr<Logins>> create(Session& session, Store& store);
  /// For create().
  Logins(Clock& clock, std::string path) : clock_(clock), path_(std::move(path)) {}

  LoginDesk& desk() { return *desk_; }
  /// Who know people's rights on repositories, by provider.
  const PermissionKeepers& keepers() const { return keepers_; }

  std::string_view name() const override { return "login_file"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Client {
    LoginProvider provider;
    std::string secret;
    std::shared_ptr<IdentityProvider> asks;  // with those of the file before, if nothing changed
  };
  using Clients = std::map<std::string, Client>;  // by name of the provider
  /// How rules ask a provider about repositories.
  struct Keeper {
    std::string api_url;
    std::string token;  ///< of the server
    Duration kept{};
    Duration refused_kept{};
    std::shared_ptr<PermissionKeeper> keeps;  // with those who ask it just now

    bool asks_as(const Keeper& other) const {
      return api_url == other.api_url && token == other.token && kept == other.kept &&
             refused_kept == other.refused_kept;
    }
  };

  /// Those that a file wants, for as long as the desk may use them.
  std::map<std::string, IdentityProvider*> make_clients(const LoginFile& file);
  void make_keepers(const LoginFile& file);
  using Stamps = std::map<std::string, FileStamp>;  // by path
  Stamps stamps() const;

  Clock& clock_;
  const std::string path_;
  std::unique_ptr<HttpClient> http_;
  std::list<Clients> clients_;  // the newest last
  LoginFile file_;              // as taken last
  Stamps seen_;
  Stamps changing_;      // as last seen, and not taken yet
  std::string trouble_;  // with the file that is there now; empty: none
  std::unique_ptr<LoginDesk> desk_;
  std::map<std::string, Keeper> keepers_of_now_;  // by name of the provider
  PermissionKeepers keepers_;
};

/// The rules who_may of the definitions, with the logins that they go by; both may be null.
struct Rules {
  std::unique_ptr<Logins> logins;
  std::unique_ptr<RuleDesk> desk;
};
/// Session and store outlive them. Where repositories are followed there is a desk, whatever they
/// hold at first.
Result<Rules> make_rules(Session& session, Store& store, const CurrentDefinitions& definitions);

}  // namespace waybill::cli
