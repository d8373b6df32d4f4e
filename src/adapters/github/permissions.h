#pragma once

#include <string>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/repository_permissions.h"

namespace waybill::github {

/// Asks GitHub for the permission of a collaborator
/// (docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user): with
/// the server's own token if it has one, else with the person's. The latter's answer is 403 for who
/// may only read, which counts as `none`. Thread-safe.
class GithubPermissions final : public RepositoryPermissions {
 public:
  struct Params {
    std::string api_url;
    std::string server_token;  ///< empty: none
  };
  /// http and clock outlive it.
  GithubPermissions(HttpClient& http, Clock& clock, Params params)
      : http_(http), clock_(clock), params_(std::move(params)) {}

  Result<RepositoryRole> ask(const Question& question, const Deadline& deadline) override;

 private:
  HttpClient& http_;
  Clock& clock_;
  const Params params_;
};

}  // namespace waybill::github
