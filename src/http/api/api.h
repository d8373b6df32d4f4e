#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "core/access.h"
#include "http/api/metrics.h"
#include "http/api/parts.h"
#include "http/message.h"
#include "services/login_desk.h"
#include "services/rate_limiter.h"
#include "services/wrong_tokens.h"

namespace waybill::http {

/// Who may come in. Thread-safe.
struct ApiGate {
  /// Whether a token is asked for; if not, everybody is `nobody_asked`. An error: nobody can say
  /// just now, and nobody is let in.
  std::function<Result<bool>()> asks;
  /// Says who a bearer token stands for.
  std::function<Result<Principal>(std::string_view token)> authenticate;
  Principal nobody_asked{.name = "local", .role = Role::admin};
  /// Knows the sessions of those who have logged in; null: there are none.
  LoginDesk* logins = nullptr;
  /// Whether, where nobody is asked, it answers to any name: else only to addresses of this
  /// machine, lest a web page under a name that its owner points here does what it likes.
  bool any_host = false;
  /// How many requests each token or person may send; null: as many as they like.
  RateLimiter* limits = nullptr;
  /// Sends those away who come with one wrong token after another; null: nobody.
  WrongTokens* wrong_tokens = nullptr;
};

/// The HTTP API, as schemas/openapi.json describes it: every request is held to that document
/// before a handler sees it.
class Api final : public Application {
 public:
  /// `parts` and `metrics` outlive it. An error is a bug: the document and the handlers do not have
  /// the same operations.
  static Result<std::unique_ptr<Api>> create(const ApiParts& parts, ApiMetrics& metrics,
                                             ApiGate gate);
  struct Inside;
  explicit Api(std::unique_ptr<Inside> inside);
  ~Api() override;

  Reply handle(const Request& request) override;
  bool answer_at_once(const Request& request, const std::function<ServerCounts()>& counts,
                      Response& response) override;
  Response refusal(const Request&, int status, std::string_view why) override;
  /// Ends the streams of those who may no longer look, once somebody runs it.
  Service& streams();

 private:
  std::unique_ptr<Inside> inside_;
};

}  // namespace waybill::http
