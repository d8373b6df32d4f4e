#pragma once

#include <string>

#include "adapters/aws/settings.h"

namespace waybill::aws {

/// AWS's token service (STS) of a region, or at an endpoint of the user's.
struct TokenService {
  std::string region;
  std::string endpoint{};  ///< empty: that of AWS
  CredentialPorts ports;
};

struct RoleRequest {
  std::string role_arn;
  std::string session_name = "waybill";
  std::string external_id{};  ///< empty: the role asks for none
};

/// AssumeRoleWithWebIdentity. `unauthenticated` if the token is refused or the role may not be
/// assumed with it; `failed_precondition` without a region; `unavailable`.
Result<AwsCredentials> assume_role_with_token(const TokenService& service,
                                              const RoleRequest& request, const std::string& token,
                                              const Deadline& deadline);

/// AssumeRole, asked by somebody who has credentials already.
Result<AwsCredentials> assume_role(const TokenService& service, const RoleRequest& request,
                                   const AwsCredentials& caller, const Deadline& deadline);

}  // namespace waybill::aws
