#include "adapters/gcs/refusal.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "adapters/gcs/wire.h"

namespace waybill::gcs {
namespace {

struct Meaning {
  Code code;
  std::string_view advice;
};

/// Limits of this minute, that are answered 403 too.
constexpr std::string_view kBusy[] = {"rateLimitExceeded", "userRateLimitExceeded",
                                      "quotaExceeded"};

Meaning meaning_of(int status, std::string_view reason) {
  if (status == 401) {
    return {Code::unauthenticated, "the token is refused: check the credentials of this identity"};
  }
  if (status == 403) {
    if (std::find(std::begin(kBusy), std::end(kBusy), reason) != std::end(kBusy)) {
      return {Code::unavailable, "try again more slowly"};
    }
    return {Code::permission_denied, "check the roles of this identity on the bucket"};
  }
  if (status == 404) return {Code::not_found, ""};
  if (status == 408 || status == 409 || status == 429) return {Code::unavailable, "try again"};
  if (status == 412) return {Code::failed_precondition, ""};
  if (status == 501) return {Code::unimplemented, ""};
  if (status >= 500) return {Code::unavailable, "try again"};
  if (status >= 400) return {Code::invalid_argument, ""};
  return {Code::failed_precondition, "this is no Cloud Storage, or a proxy stands before it"};
}

/// What the server says, on one line and not for ever.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kBytesMax = 300;
  std::string out(text.substr(0, kBytesMax));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return out;
}

}  // namespace

Error refusal(const HttpResponse& response, const std::string& what, Time now) {
  const ErrorDocument document = parse_error(response.body);
  const bool is_bucket = is_missing_bucket(response);
  const Meaning meaning = meaning_of(response.status, document.reason);
  Error error{.code = meaning.code,
              .message = what + ": the server answers " + std::to_string(response.status)};
  if (!document.reason.empty()) error.message += ' ' + excerpt(document.reason);
  if (!document.message.empty()) error.message += " (" + excerpt(document.message) + ')';
  if (!meaning.advice.empty()) error.message.append("; ").append(meaning.advice);
  if (is_bucket) error.message += "; check the name of the bucket, or create it";
  if (const Duration wait = retry_after(response, now); wait > Duration(0)) {
    error.retry_after = wait;
  }
  return error;
}

bool is_missing_bucket(const HttpResponse& response) {
  return response.status == 404 &&
         parse_error(response.body).message.starts_with("The specified bucket does not exist");
}

}  // namespace waybill::gcs
