#pragma once

#include <functional>
#include <string>

#include "adapters/aws/settings.h"

namespace waybill::aws {

/// Fetches credentials anew. `not_found`: this place has none, try the next.
using Fetch = std::function<Result<AwsCredentials>(const Deadline&)>;

/// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
Result<AwsCredentials> from_environment(const Settings& settings);

/// Keys that a profile of the shared files holds.
Result<AwsCredentials> from_profile(const Settings& settings, const std::string& profile);

/// The container's agent (ECS, EKS Pod Identity).
Result<AwsCredentials> from_container(const Settings& settings, const CredentialPorts& ports,
                                      const Deadline& deadline);

/// The machine's role (EC2, version 2 of the metadata service).
Result<AwsCredentials> from_instance(const Settings& settings, const CredentialPorts& ports,
                                     const Deadline& deadline);

}  // namespace waybill::aws
