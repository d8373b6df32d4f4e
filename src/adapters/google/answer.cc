#include "adapters/google/answer.h"

#include <algorithm>
#include <boost/json.hpp>

#include "adapters/google/jwt.h"
#include "base/json.h"

namespace waybill::google {
namespace {

constexpr std::int64_t kLifetimeSecondsMax = 30LL * 24 * 3600;

std::string member(const boost::json::value& json, std::string_view name) {
  const boost::json::value* value = json.is_object() ? json.as_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// A token goes into a header: it must not be able to end it.
bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t kBytesMax = 200;
  std::string out(text.substr(0, kBytesMax));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return out;
}

}  // namespace

Result<Token> parse_access_token(std::string_view text, Time now) {
  const auto answer = json::parse(text);
  const std::string token = answer ? member(*answer, "access_token") : std::string();
  if (!is_token(token)) return fail(Code::unavailable, "the answer holds no access token");
  const boost::json::value* seconds = answer->as_object().if_contains("expires_in");
  if (seconds == nullptr || !seconds->is_int64() || seconds->as_int64() <= 0) {
    return fail(Code::unavailable, "the answer does not say how long its access token is good");
  }
  return Token{
      .text = token,
      .expires_at = now + std::chrono::seconds(std::min(seconds->as_int64(), kLifetimeSecondsMax))};
}

Result<Token> parse_identity_token(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (!is_token(text)) return fail(Code::unavailable, "what came is no identity token");
  const auto expires_at = jwt_expires_at(text);
  if (!expires_at) return fail(expires_at.error());
  return Token{.text = std::move(text), .expires_at = *expires_at};
}

Error refusal(const HttpResponse& response, Time now) {
  const bool is_busy = response.status == 408 || response.status == 429 || response.status >= 500;
  Error error{.code = is_busy ? Code::unavailable : Code::unauthenticated,
              .message = "the server answers " + std::to_string(response.status)};
  const auto json = json::parse(response.body);
  if (json && json->is_object()) {
    const std::string name = member(*json, "error");
    const std::string description = member(*json, "error_description");
    if (!name.empty()) error.message += ' ' + excerpt(name);
    if (!description.empty()) error.message += " (" + excerpt(description) + ')';
  } else if (!response.body.empty() && response.body.front() != '<') {
    error.message += " (" + excerpt(response.body) + ')';
  }
  if (const Duration wait = retry_after(response, now); wait > Duration(0)) {
    error.retry_after = wait;
  }
  return error;
}

Error unfetched(Error error) {
  if (error.code == Code::aborted) error.code = Code::unavailable;
  return error;
}

}  // namespace waybill::google
