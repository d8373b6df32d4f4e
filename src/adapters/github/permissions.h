#pragma once

#include <string>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/repository_permissions.h"

namespace waybill::github {

/// Asks GitHub what somebody may do. With the server's own token, if it has one: the permission of
/// a collaborator (docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-
/// a-user), which only who may write there is told. Else with the person's: what the repository
/// says of them (docs.github.com/rest/repos/repos#get-a-repository). What a token cannot see or may
/// not ask is an error, never a `none`. Thread-safe.
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
  Result<RepositoryRole> ask_as_person(const Question& question, const Deadline& deadline);
  Result<RepositoryRole> ask_as_server(const Question& question, const Deadline& deadline);
  Result<RepositoryRole> ask_whether_it_is_there(const Question& question,
                                                 const Deadline& deadline);
  Result<HttpResponse> get(const std::string& path, const std::string& token,
                           const Deadline& deadline);
  static Error may_not_ask(const Question& question);

  HttpClient& http_;
  Clock& clock_;
  const Params params_;
};

}  // namespace waybill::github
