#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace waybill::google {

/// The key of a service account, as the console hands it out.
struct ServiceAccountKey {
  std::string client_email;
  std::string private_key_id;
  std::string private_key;  ///< PEM
  std::string token_uri;
};

/// What `gcloud auth application-default login` leaves behind.
struct AuthorizedUser {
  std::string client_id;
  std::string client_secret;
  std::string refresh_token;
  std::string token_uri;
};

using CredentialFile = std::variant<ServiceAccountKey, AuthorizedUser>;

/// Reads the JSON of a credential file. `unauthenticated` for what is none, or is of a type that is
/// not supported; the message names the type or the missing member, and nothing that is in the file
/// else. Source: google.aip.dev/auth/4112, 4113.
Result<CredentialFile> parse_credential_file(std::string_view text);

}  // namespace waybill::google
