#pragma once

#include <string>
#include <vector>

#include "adapters/google/credential_file.h"
#include "adapters/google/settings.h"

namespace waybill::google {

using Scopes = std::vector<std::string>;

/// Trades what a credential file holds for an access token, at the file's token_uri.
Result<Token> from_file(const CredentialFile& file, const Scopes& scopes, TokenPorts ports,
                        const Deadline& deadline);

/// The metadata server of Google's machines: GCE_METADATA_HOST, else its usual name.
class MetadataServer {
 public:
  MetadataServer(const Settings& settings, TokenPorts ports);

  const std::string& url() const { return url_; }
  /// Of the machine's service account. `not_found`: there is no such server, or no such account.
  Result<Token> access_token(const Scopes& scopes, const Deadline& deadline) const;
  /// An OpenID Connect token of that account for `audience`; errors as above.
  Result<Token> identity_token(const std::string& audience, const Deadline& deadline) const;

 private:
  Result<std::string> get(const std::string& path, const Deadline& deadline) const;

  const std::string url_;
  const bool is_named_;  // so it has to be there
  const TokenPorts ports_;
};

}  // namespace waybill::google
