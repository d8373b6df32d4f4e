#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/google/settings.h"

namespace waybill {

/// What lets one read and write the objects of buckets, and publish.
inline constexpr const char* kGoogleCloudScope = "https://www.googleapis.com/auth/cloud-platform";

/// Access tokens by Google's application default credentials, looked for anew at each renewal: the
/// file that GOOGLE_APPLICATION_CREDENTIALS names; the one that gcloud writes
/// (application_default_credentials.json in CLOUDSDK_CONFIG, or in .config/gcloud under HOME); the
/// metadata server, unless NO_GCE_CHECK is true. The first place that is configured decides.
/// `settings` and `ports` must outlive it. Source: google.aip.dev/auth/4110.
std::unique_ptr<TokenSource> google_access_tokens(std::vector<std::string> scopes,
                                                  const google::Settings& settings,
                                                  google::TokenPorts ports);

/// Identity tokens of the machine's service account, from the metadata server: for AWS's web
/// identity the audience is sts.amazonaws.com/gke-identity-federation.
std::unique_ptr<TokenSource> google_identity_tokens(const std::string& audience,
                                                    const google::Settings& settings,
                                                    google::TokenPorts ports);

/// Sends none: for an emulator, which asks for none.
class NoToken final : public TokenSource {
 public:
  Result<std::string> token(const Deadline&) override { return std::string(); }
  std::string identity() const override { return "nobody, as an emulator wants it"; }
};

}  // namespace waybill
