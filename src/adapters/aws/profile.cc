#include "adapters/aws/profile.h"

#include <utility>

#include "adapters/aws/credentials.h"
#include "adapters/aws/fetchers.h"

namespace waybill::aws {
namespace {

constexpr int kProfilesMax = 8;

/// What a profile says of credentials.
struct ProfileTerms {
  std::string name;
  RoleRequest role;
  std::string source_profile;
  std::string credential_source;
  std::string token_file;
  bool has_keys = false;
};

class ProfileReader {
 public:
  ProfileReader(const Settings& settings, const CredentialPorts& ports, const Deadline& deadline)
      : settings_(settings), ports_(ports), deadline_(deadline) {}

  Result<AwsCredentials> read(const std::string& profile, int depth) const;

 private:
  ProfileTerms terms_of(const std::string& profile) const;
  Status check(const ProfileTerms& terms) const;
  Result<AwsCredentials> role_of(const ProfileTerms& terms, int depth) const;
  /// Who asks for the role.
  Result<AwsCredentials> caller_of(const ProfileTerms& terms, int depth) const;

  const Settings& settings_;
  const CredentialPorts& ports_;
  const Deadline& deadline_;
};

ProfileTerms ProfileReader::terms_of(const std::string& profile) const {
  const auto setting = [&](const char* name) { return settings_.setting(profile, name); };
  return {.name = profile,
          .role = {.role_arn = setting("role_arn"),
                   .session_name = session_name_or_default(setting("role_session_name")),
                   .external_id = setting("external_id")},
          .source_profile = setting("source_profile"),
          .credential_source = setting("credential_source"),
          .token_file = setting("web_identity_token_file"),
          .has_keys = !setting("aws_access_key_id").empty()};
}

/// What would otherwise fall in silence to who the machine is.
Status ProfileReader::check(const ProfileTerms& terms) const {
  const bool has_source = !terms.source_profile.empty() || !terms.credential_source.empty() ||
                          !terms.token_file.empty();
  if (!terms.source_profile.empty() && !terms.credential_source.empty()) {
    return fail(Code::unauthenticated,
                "source_profile and credential_source are both set; leave one of them");
  }
  if (has_source && terms.role.role_arn.empty() && !terms.has_keys) {
    return fail(Code::unauthenticated,
                "it says who asks for a role, but not for which; set role_arn");
  }
  if (!terms.role.role_arn.empty() && !settings_.setting(terms.name, "mfa_serial").empty()) {
    return fail(Code::unauthenticated,
                "nobody is there to type the code of mfa_serial; use a role that needs none");
  }
  if (has_source || terms.has_keys) return {};
  for (const char* name : {"sso_session", "sso_start_url", "credential_process"}) {
    if (settings_.setting(terms.name, name).empty()) continue;
    return fail(Code::unauthenticated,
                std::string(name) +
                    " is not supported: put keys into the environment or the profile, or have the "
                    "profile take a role by source_profile or credential_source");
  }
  if (terms.role.role_arn.empty()) return {};
  return fail(Code::unauthenticated,
              "role_arn needs source_profile, credential_source, web_identity_token_file or keys");
}

Result<AwsCredentials> ProfileReader::read(const std::string& profile, int depth) const {
  const std::string where = "profile " + profile;
  if (depth == kProfilesMax) {
    return fail(Code::unauthenticated, where + ": source_profile goes round in a circle");
  }
  if (!settings_.has_profile(profile) && profile != "default") {
    return fail(Code::unauthenticated, "there is no " + where + " in " + settings_.config_path() +
                                           " or " + settings_.credentials_path() + "; check " +
                                           (depth == 0 ? "AWS_PROFILE" : "source_profile"));
  }
  const ProfileTerms terms = terms_of(profile);
  if (const Status fine = check(terms); !fine) return fail(with_context(fine.error(), where));
  if (terms.role.role_arn.empty()) return from_profile(settings_, profile);
  auto role = role_of(terms, depth);
  if (!role) return fail(with_context(role.error(), where));
  return role;
}

Result<AwsCredentials> ProfileReader::role_of(const ProfileTerms& terms, int depth) const {
  const TokenService service =
      token_service(settings_, ports_, settings_.setting(terms.name, "region"));
  const bool by_token = terms.source_profile.empty() && !terms.has_keys &&
                        terms.credential_source.empty() && !terms.token_file.empty();
  if (by_token) {
    return from_token_file(
        settings_, {.service = service, .role = terms.role, .path = terms.token_file}, deadline_);
  }
  const auto caller = caller_of(terms, depth);
  if (caller) return assume_role(service, terms.role, *caller, deadline_);
  // This profile is what was asked for: no other place is looked at.
  Error error = caller.error();
  if (error.code == Code::not_found) error.code = Code::unauthenticated;
  return fail(std::move(error));
}

Result<AwsCredentials> ProfileReader::caller_of(const ProfileTerms& terms, int depth) const {
  if (!terms.source_profile.empty() && terms.source_profile != terms.name) {
    return read(terms.source_profile, depth + 1);
  }
  if (!terms.source_profile.empty() || terms.has_keys) return from_profile(settings_, terms.name);
  const std::string& source = terms.credential_source;
  if (source == "Environment") return from_environment(settings_);
  if (source == "EcsContainer") return from_container(settings_, ports_, deadline_);
  if (source == "Ec2InstanceMetadata") return from_instance(settings_, ports_, deadline_);
  return fail(Code::unauthenticated,
              "credential_source " + source +
                  " is unknown; there are Environment, EcsContainer and Ec2InstanceMetadata");
}

}  // namespace

TokenService token_service(const Settings& settings, CredentialPorts ports, std::string region) {
  if (region.empty()) region = settings.region();
  return {.region = std::move(region), .endpoint = settings.endpoint("STS"), .ports = ports};
}

std::string session_name_or_default(std::string name) { return name.empty() ? "waybill" : name; }

Result<AwsCredentials> from_token_file(const Settings& settings, const TokenFileRole& role,
                                       const Deadline& deadline) {
  FileTokenSource tokens(role.path, settings.read_file());
  const auto token = tokens.token(deadline);
  if (!token) return fail(token.error());
  return assume_role_with_token(role.service, role.role, *token, deadline);
}

Result<AwsCredentials> from_shared_files(const Settings& settings, const CredentialPorts& ports,
                                         const Deadline& deadline) {
  return ProfileReader(settings, ports, deadline).read(settings.profile(), 0);
}

}  // namespace waybill::aws
