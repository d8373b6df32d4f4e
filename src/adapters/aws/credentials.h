#pragma once

#include <memory>
#include <string>

#include "adapters/aws/settings.h"

namespace waybill {

/// Credentials as AWS's SDKs look for them: environment; web identity of the environment
/// (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN); shared files by profile, with role_arn;
/// container; instance. The first place that is configured decides, also if it cannot be followed
/// (`unauthenticated`). `region`: where the web identity's role is asked for if the settings name
/// no region. `settings` and `ports` must outlive it.
std::unique_ptr<AwsCredentialSource> ambient_aws_credentials(const aws::Settings& settings,
                                                             aws::CredentialPorts ports,
                                                             std::string region = {});

struct AwsRoleParams {
  std::string role_arn;
  std::string session_name = "waybill";
  std::string region;  ///< of the token service; empty: that of the settings
};

/// A role assumed with the identity token of `tokens`, which must outlive it: on Google's machines
/// a service account's, for the audience sts.amazonaws.com/gke-identity-federation.
std::unique_ptr<AwsCredentialSource> aws_role_credentials(const AwsRoleParams& role,
                                                          TokenSource& tokens,
                                                          const aws::Settings& settings,
                                                          aws::CredentialPorts ports);

/// The text of a file, read anew each time, as its owner renews it.
class FileTokenSource final : public TokenSource {
 public:
  FileTokenSource(std::string path, aws::ReadFile read_file);
  Result<std::string> token(const Deadline& deadline) override;
  std::string identity() const override { return "token of " + path_; }

 private:
  const std::string path_;
  const aws::ReadFile read_file_;
};

}  // namespace waybill
