#include "adapters/aws/credentials.h"

#include <utility>

#include "adapters/aws/credential_cache.h"
#include "adapters/aws/fetchers.h"
#include "adapters/aws/profile.h"
#include "adapters/aws/token_service.h"

namespace waybill {
namespace {

using aws::CredentialPorts;
using aws::RoleRequest;
using aws::Settings;

/// The places that are looked at, one after another.
class Chain {
 public:
  Chain(const Settings& settings, CredentialPorts ports, std::string region)
      : settings_(settings),
        ports_(ports),
        region_(settings.region().empty() ? std::move(region) : settings.region()) {}

  Result<AwsCredentials> operator()(const Deadline& deadline) const {
    std::string looked_at;
    const auto look = [&](std::string_view place, Result<AwsCredentials> found) {
      if (!found && found.error().code == Code::not_found) {
        looked_at.append(looked_at.empty() ? "" : "; ").append(place).append(": ");
        looked_at += found.error().message;
      }
      return found;
    };
    const auto is_decided = [](const Result<AwsCredentials>& found) {
      return found || found.error().code != Code::not_found;
    };
    auto found = look("environment", aws::from_environment(settings_));
    if (!is_decided(found)) found = look("web identity", from_web_identity(deadline));
    if (!is_decided(found)) {
      found = look("shared files", aws::from_shared_files(settings_, ports_, deadline));
    }
    if (!is_decided(found)) {
      found = look("container", aws::from_container(settings_, ports_, deadline));
    }
    if (!is_decided(found))
      found = look("instance", aws::from_instance(settings_, ports_, deadline));
    if (is_decided(found)) return found;
    return fail(Code::unauthenticated,
                "no credentials for AWS are configured; looked at: " + looked_at);
  }

 private:
  Result<AwsCredentials> from_web_identity(const Deadline& deadline) const {
    const std::string path = settings_.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const std::string role = settings_.variable("AWS_ROLE_ARN");
    if (path.empty() || role.empty()) {
      return fail(Code::not_found, "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not both set");
    }
    const RoleRequest request{
        .role_arn = role,
        .session_name = aws::session_name_or_default(settings_.variable("AWS_ROLE_SESSION_NAME"))};
    return aws::from_token_file(
        settings_,
        {.service = aws::token_service(settings_, ports_, region_), .role = request, .path = path},
        deadline);
  }

  const Settings& settings_;
  const CredentialPorts ports_;
  const std::string region_;
};

}  // namespace

std::unique_ptr<AwsCredentialSource> ambient_aws_credentials(const Settings& settings,
                                                             CredentialPorts ports,
                                                             std::string region) {
  return std::make_unique<aws::CredentialCache>(
      "ambient credentials", Chain(settings, ports, std::move(region)), ports.clock);
}

std::unique_ptr<AwsCredentialSource> aws_role_credentials(const AwsRoleParams& role,
                                                          TokenSource& tokens,
                                                          const Settings& settings,
                                                          CredentialPorts ports) {
  const aws::TokenService service = aws::token_service(settings, ports, role.region);
  const RoleRequest request{.role_arn = role.role_arn, .session_name = role.session_name};
  const auto fetch = [service, request,
                      &tokens](const Deadline& deadline) -> Result<AwsCredentials> {
    const auto token = tokens.token(deadline);
    if (!token) return fail(with_context(token.error(), "asking for role " + request.role_arn));
    return aws::assume_role_with_token(service, request, *token, deadline);
  };
  return std::make_unique<aws::CredentialCache>("role " + role.role_arn, fetch, ports.clock);
}

FileTokenSource::FileTokenSource(std::string path, aws::ReadFile read_file)
    : path_(std::move(path)), read_file_(std::move(read_file)) {}

Result<std::string> FileTokenSource::token(const Deadline&) {
  auto text = read_file_(path_);
  if (!text) return fail(Code::unauthenticated, "web identity token: " + text.error().message);
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty())
    return fail(Code::unauthenticated, "web identity token: " + path_ + " is empty");
  return text;
}

}  // namespace waybill
