#include "apps/waybill/runtime/passing_refusal.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <string>
#include <string_view>

#include "base/json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::string_view kPassing[] = {
    // AWS: too much at a time
    "BandwidthLimitExceeded", "PriorRequestNotComplete", "RequestLimitExceeded", "RequestThrottled",
    "RequestThrottledException", "SlowDown", "Throttled", "ThrottledException", "Throttling",
    "ThrottlingException", "TooManyRequestsException",
    // AWS: the body did not come in time
    "RequestTimeout", "RequestTimeoutException",
    // its token service: the provider of the token could not be asked, or its keys are not there
    // yet
    "IDPCommunicationError", "InvalidIdentityToken",
    // Google
    "rateLimitExceeded", "userRateLimitExceeded"};

std::string_view in_xml(std::string_view body) {
  constexpr std::string_view kTag = "<Code>";
  const std::size_t at = body.find(kTag);
  if (at == std::string_view::npos) return {};
  body.remove_prefix(at + kTag.size());
  return body.substr(0, std::min(body.find('<'), body.size()));
}

const bj::value* member(const bj::value* json, std::string_view name) {
  return json == nullptr || !json->is_object() ? nullptr : json->get_object().if_contains(name);
}

std::string text(const bj::value* json) {
  return json == nullptr || !json->is_string() ? "" : std::string(json->get_string());
}

/// `{"__type": "com.amazonaws.sqs#NAME"}` of AWS, `{"error": {"errors": [{"reason": "NAME"}]}}` of
/// Google.
std::string in_json(std::string_view body) {
  const auto json = json::parse(body);
  if (!json) return {};
  const std::string type = text(member(&*json, "__type"));
  if (!type.empty()) return type.substr(type.rfind('#') + 1);
  const bj::value* errors = member(member(&*json, "error"), "errors");
  if (errors == nullptr || !errors->is_array() || errors->get_array().empty()) return {};
  return text(member(&errors->get_array().front(), "reason"));
}

}  // namespace

bool is_passing_refusal(const HttpResponse& response) {
  if (response.status < 400 || response.status >= 500) return false;
  const std::string name =
      response.body.starts_with('{') ? in_json(response.body) : std::string(in_xml(response.body));
  return std::find(std::begin(kPassing), std::end(kPassing), name) != std::end(kPassing);
}

}  // namespace waybill::cli
