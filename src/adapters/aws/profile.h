#pragma once

#include <string>

#include "adapters/aws/settings.h"
#include "adapters/aws/token_service.h"

namespace waybill::aws {

/// The token service of a region; empty: that of the settings.
TokenService token_service(const Settings& settings, CredentialPorts ports, std::string region);

std::string session_name_or_default(std::string name);

/// A role that is taken on with the token in a file.
struct TokenFileRole {
  TokenService service;
  RoleRequest role;
  std::string path;
};
Result<AwsCredentials> from_token_file(const Settings& settings, const TokenFileRole& role,
                                       const Deadline& deadline);

/// The profile of the settings: its keys, or its role, by the credentials of another profile
/// (source_profile), of a place (credential_source), by a token file, or by its own keys. As Go's
/// SDK has it. `not_found` if the profile says nothing of credentials; `unauthenticated` if it is
/// nowhere, or says something that cannot be followed here: a program (credential_process), a login
/// (SSO), a second factor (mfa_serial).
Result<AwsCredentials> from_shared_files(const Settings& settings, const CredentialPorts& ports,
                                         const Deadline& deadline);

}  // namespace waybill::aws
