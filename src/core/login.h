#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/access.h"
#include "core/document.h"
#include "core/person.h"

namespace waybill {

/// Where people log in.
struct LoginProvider {
  enum class Kind : std::uint8_t { github, oidc };

  std::string name;
  Kind kind = Kind::oidc;
  std::string client_id;
  std::string client_secret_file;  ///< absolute; empty: a public client
  std::vector<std::string> scopes;
  std::string issuer;          ///< oidc: exactly as the issuer calls itself
  std::string name_claim;      ///< oidc
  std::string groups_claim;    ///< oidc
  std::string api_url;         ///< github, without a slash at its end
  std::string web_url;         ///< github, likewise
  std::string api_token_file;  ///< github: absolute; empty: rules ask with each person's token

  bool operator==(const LoginProvider&) const = default;
};

/// Whom it fits gets the role. What is empty fits everybody.
struct PersonRule {
  std::string provider;
  std::string login;
  std::string subject;
  std::string group;
  std::string email;
  std::string email_domain;
  std::optional<Role> role;  ///< none: they are not let in

  bool operator==(const PersonRule&) const = default;
};

/// What a login file says.
struct LoginSettings {
  std::string base_url;  ///< an origin: "https://waybill.example.org"
  std::vector<LoginProvider> providers;
  std::vector<PersonRule> people;
  std::optional<Role> default_role;
  Duration idle_max = std::chrono::hours(12);
  Duration session_max = std::chrono::hours(24 * 7);
  /// How old what is known of somebody's rights may be: if they are enough, if they are not, and
  /// when a task is about to run.
  Duration rights_kept = std::chrono::minutes(5);
  Duration refusals_kept = std::chrono::minutes(1);
  Duration rights_before_run = std::chrono::seconds(10);

  /// Whether browsers reach it over TLS; else it is this machine's alone.
  bool is_secure() const { return base_url.starts_with("https://"); }
  const LoginProvider* find(std::string_view name) const;
};

/// What came of reading a login file. It is whole only if there are no problems.
struct LoginLoad {
  LoginSettings settings;
  std::vector<Problem> problems;  ///< all of them
};
/// Checks a document against `login_schema()`, then what a schema cannot say. Reads no file.
LoginLoad load_login(const Document& document);

/// The published JSON Schema of a login file (schemas/login.schema.json).
std::string_view login_schema();

/// The role of the first rule that fits, or the default; none: nobody who is let in.
std::optional<Role> role_of(const LoginSettings& settings, const Identity& identity);

/// Whether a browser may be sent there after its login: a path of this server, and nothing that a
/// browser takes for another one ("//evil", "/\evil").
bool is_local_path(std::string_view path);

}  // namespace waybill
