#pragma once

#include <map>
#include <memory>
#include <string>

#include "adapters/aws/credentials.h"
#include "adapters/google/tokens.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "decorators/retrying_http_client.h"
#include "ports/clock.h"
#include "ports/credentials.h"
#include "ports/http_client.h"

namespace waybill::cli {

/// What the clouds' adapters share: a client that tries again, and who one is. Clients and sources
/// are made when first asked for; what it gives must not outlive it.
class Clouds {
 public:
  /// AWS's logs show a role that is taken on under `session_name`.
  Clouds(HttpClient& http, Clock& clock, const aws::Environment& environment,
         std::string session_name);

  HttpClient& http() { return http_; }
  HttpRetryCounts http_counts() const { return http_.counts(); }
  const aws::Settings& settings() const { return settings_; }
  /// Google's, or none for an emulator.
  TokenSource& google_tokens(bool emulator);
  /// `identity`: a role to assume with a token of web identity; empty: who one is anyway.
  /// The role is asked for in the region of the settings; where they name none, in `region`.
  AwsCredentialSource& credentials(const std::string& identity, const std::string& region);
  Uuid fresh_id() { return ids_.next(clock_.now()); }

 private:
  Clock& clock_;
  const std::string session_name_;
  const aws::Settings settings_;
  const google::Settings google_;
  RetryingHttpClient http_;
  Rng rng_{Rng::system_seed()};
  UuidMaker ids_{rng_};
  NoToken no_token_;
  std::unique_ptr<TokenSource> identity_tokens_;  // with which AWS roles are taken on
  std::unique_ptr<TokenSource> access_tokens_;
  std::map<std::string, std::unique_ptr<AwsCredentialSource>> credentials_;  // by role
};

}  // namespace waybill::cli
