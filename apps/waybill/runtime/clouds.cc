#include "apps/waybill/runtime/clouds.h"

#include <utility>

#include "apps/waybill/runtime/passing_refusal.h"
#include "base/check.h"

namespace waybill::cli {
namespace {

/// For whom Google's token is meant when an AWS role is taken on with it, as workflow-manager has
/// it.
constexpr const char* kAwsAudience = "sts.amazonaws.com/gke-identity-federation";

}  // namespace

Clouds::Clouds(HttpClient& http, Clock& clock, const aws::Environment& environment,
               std::string session_name)
    : clock_(clock),
      session_name_(std::move(session_name)),
      settings_(environment, aws::read_whole_file),
      google_{environment, aws::read_whole_file},
      http_(http, clock, Rng(Rng::system_seed()), {.asks_again = is_passing_refusal}) {
  WAYBILL_CHECK(!session_name_.empty(), "AWS takes no role on without a name of the session");
  const std::string path = settings_.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (!path.empty()) {
    identity_tokens_ = std::make_unique<FileTokenSource>(path, aws::read_whole_file);
  } else {
    identity_tokens_ = google_identity_tokens(kAwsAudience, google_, {http_, clock_});
  }
}

TokenSource& Clouds::google_tokens(bool emulator) {
  if (emulator) return no_token_;
  if (!access_tokens_) {
    access_tokens_ = google_access_tokens({kGoogleCloudScope}, google_, {http_, clock_});
  }
  return *access_tokens_;
}

AwsCredentialSource& Clouds::credentials(const std::string& identity, const std::string& region) {
  auto& source = credentials_[identity];
  if (!source && identity.empty()) {
    source = ambient_aws_credentials(settings_, {http_, clock_}, region);
  }
  if (!source) {
    source =
        aws_role_credentials({.role_arn = identity,
                              .session_name = session_name_,
                              .region = settings_.region().empty() ? region : settings_.region()},
                             *identity_tokens_, settings_, {http_, clock_});
  }
  return *source;
}

}  // namespace waybill::cli
