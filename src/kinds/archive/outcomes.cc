#include "kinds/archive/outcomes.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"
#include "core/fetch/url_reference.h"

namespace waybill {
namespace {

constexpr std::size_t kSaidMax = 200;

/// Whether it is refused only for now: too many requests were made.
bool is_used_up(const HttpResponse& head) {
  return head.status == 403 &&
         (!header(head, "retry-after").empty() || header(head, "x-ratelimit-remaining") == "0");
}

Code code_of_status(int status) {
  switch (status) {
    case 404:
    case 410:
      return Code::not_found;
    case 401:
    case 402:
    case 403:
    case 407:
    case 451:
      return Code::permission_denied;
    case 408:
    case 425:
    case 429:
      return Code::unavailable;
    case 501:
    case 505:
      return Code::failed_precondition;
    default:
      return status >= 500 ? Code::unavailable : Code::failed_precondition;
  }
}

}  // namespace

bool may_do_better(Code code) {
  switch (code) {
    case Code::unavailable:
    case Code::aborted:
    case Code::deadline_exceeded:
    case Code::resource_exhausted:
    case Code::data_loss:
    case Code::internal:
    case Code::unknown:
      return true;
    default:
      return false;
  }
}

bool is_no_turn(const Error& error) {
  return error.code == Code::resource_exhausted && error.retry_after.has_value();
}

Outcome outcome_of(const Error& error) {
  if (is_no_turn(error)) return outcome::Snoozed{.delay = *error.retry_after};
  if (error.code == Code::cancelled) {
    return outcome::Stopped{
        .proof = json::serialize(boost::json::object{{"stopped", json::text(error.message)}})};
  }
  outcome::Failed failed{.failure_class = may_do_better(error.code) ? FailureClass::transient
                                                                    : FailureClass::permanent,
                         .error = error.message};
  if (error.retry_after) failed.retry_after = *error.retry_after;
  return failed;
}

Error error_of_status(const HttpResponse& head, const std::string& url, Time now,
                      std::string_view said) {
  Error error{.code = is_used_up(head) ? Code::unavailable : code_of_status(head.status),
              .message = shown_url(url) + " answers " + std::to_string(head.status)};
  if (!said.empty()) error.message += ": " + escape_utf8(said.substr(0, kSaidMax));
  const Duration wait = retry_after(head, now);
  if (wait > Duration(0)) error.retry_after = wait;
  return error;
}

}  // namespace waybill
