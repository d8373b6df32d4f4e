#include "adapters/s3/refusal.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "adapters/s3/wire.h"

namespace waybill::s3 {
namespace {

struct Meaning {
  std::string_view name;
  Code code;
  std::string_view advice;
};

constexpr std::string_view kRenew = "renew the credentials";
constexpr Meaning kMeanings[] = {
    {"NoSuchBucket", Code::not_found, "check the name and region of the bucket, or create it"},
    {"NoSuchKey", Code::not_found, ""},
    {"AccessDenied", Code::permission_denied,
     "check the policies of the bucket and of this identity"},
    {"AllAccessDisabled", Code::permission_denied, "the bucket's owner has to allow it"},
    {"ExpiredToken", Code::unauthenticated, kRenew},
    {"TokenRefreshRequired", Code::unauthenticated, kRenew},
    {"InvalidToken", Code::unauthenticated, kRenew},
    {"InvalidAccessKeyId", Code::unauthenticated,
     "the access key is unknown there: check AWS_ACCESS_KEY_ID or the profile"},
    {"SignatureDoesNotMatch", Code::unauthenticated,
     "the secret key does not belong to the access key: check AWS_SECRET_ACCESS_KEY or the "
     "profile"},
    {"RequestTimeTooSkewed", Code::failed_precondition,
     "the clock of this machine is wrong by more than 15 minutes: set it"},
    {"SlowDown", Code::unavailable, "try again more slowly"},
    {"RequestTimeout", Code::unavailable, "try again"},
    {"OperationAborted", Code::unavailable, "try again"},
    {"ConditionalRequestConflict", Code::unavailable, "try again"},
    {"InternalError", Code::unavailable, "try again"},
    {"ServiceUnavailable", Code::unavailable, "try again"},
    {"BadDigest", Code::unavailable, "the body was changed on its way: try again"},
    {"NotImplemented", Code::unimplemented, ""},
    {"PreconditionFailed", Code::already_exists, ""},
    {"KeyTooLongError", Code::invalid_argument, ""},
};

Meaning by_status(int status) {
  if (status == 404) return {"", Code::not_found, ""};
  if (status == 401) return {"", Code::unauthenticated, kRenew};
  if (status == 403) return {"", Code::permission_denied, ""};
  if (status == 408 || status == 409 || status == 429) return {"", Code::unavailable, "try again"};
  if (status == 412) return {"", Code::already_exists, ""};
  if (status == 501) return {"", Code::unimplemented, ""};
  if (status >= 500) return {"", Code::unavailable, "try again"};
  if (status >= 400) return {"", Code::invalid_argument, ""};
  return {"", Code::failed_precondition, "this is no S3 endpoint, or a proxy stands before it"};
}

Meaning meaning_of(const ErrorDocument& document, int status) {
  const auto* known = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                   [&](const auto& one) { return one.name == document.code; });
  return known == std::end(kMeanings) ? by_status(status) : *known;
}

/// What the server says, on one line and not for ever.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kBytesMax = 200;
  std::string out(text.substr(0, kBytesMax));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return out;
}

}  // namespace

Error refusal(const HttpResponse& response, const S3Address& address, const std::string& what,
              Time now) {
  const ErrorDocument document = parse_error(response.body);
  std::string region(header(response, "x-amz-bucket-region"));
  if (region.empty()) region = document.region;
  const bool is_elsewhere = response.status == 301 || response.status == 307 ||
                            document.code == "AuthorizationHeaderMalformed";
  if (is_elsewhere && !region.empty() && region != address.region) {
    return {.code = Code::failed_precondition,
            .message = what + ": the bucket is in region " + excerpt(region) + ", not in " +
                       address.region + "; write " +
                       to_s3_url({.region = excerpt(region), .bucket = address.bucket})};
  }
  const Meaning meaning = meaning_of(document, response.status);
  Error error{.code = meaning.code,
              .message = what + ": the server answers " + std::to_string(response.status)};
  if (!document.code.empty()) error.message += ' ' + excerpt(document.code);
  if (!document.message.empty()) error.message += " (" + excerpt(document.message) + ')';
  if (!meaning.advice.empty()) error.message.append("; ").append(meaning.advice);
  if (const Duration wait = retry_after(response, now); wait > Duration(0)) {
    error.retry_after = wait;
  }
  return error;
}

}  // namespace waybill::s3
