#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/aws/profiles.h"
#include "ports/clock.h"
#include "ports/credentials.h"
#include "ports/http_client.h"

namespace waybill::aws {

using Environment = std::map<std::string, std::string>;
/// The whole text of a file; `not_found` if there is none.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

/// What a source of credentials needs of others; they must outlive it.
struct CredentialPorts {
  HttpClient& http;
  Clock& clock;
};

/// What AWS's tools are told by their environment and their shared files. Immutable.
class Settings {
 public:
  /// Reads the shared files; those that are missing count as empty.
  Settings(Environment environment, ReadFile read_file);

  /// Empty if it is not set.
  std::string variable(const std::string& name) const;
  const ReadFile& read_file() const { return read_file_; }

  const std::string& profile() const { return profile_; }
  /// A setting of a profile; that of the credentials file wins. Empty if there is none.
  std::string setting(const std::string& profile, const std::string& name) const;
  bool has_profile(const std::string& profile) const;
  const std::string& config_path() const { return config_path_; }
  const std::string& credentials_path() const { return credentials_path_; }

  /// AWS_REGION, AWS_DEFAULT_REGION, or that of the profile; empty if none says.
  std::string region() const;
  /// AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, for `service` "S3"; empty: that of AWS.
  std::string endpoint(const std::string& service) const;

 private:
  const Environment environment_;
  const ReadFile read_file_;
  const std::string profile_;
  const std::string config_path_;
  const std::string credentials_path_;
  const Profiles config_;
  const Profiles credentials_;
};

/// The whole text of a file on disk.
Result<std::string> read_whole_file(const std::string& path);

}  // namespace waybill::aws
