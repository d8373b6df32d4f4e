#include "adapters/sqs/signed_post.h"

#include <map>

#include "base/ascii.h"
#include "base/digest.h"

namespace waybill::sqs {
namespace {

/// 20150830T123600Z
std::string basic_time(Time time) {
  std::string text = format_time(std::chrono::floor<std::chrono::seconds>(time));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string authority(std::string_view url) {
  const std::size_t begin = url.find("://") + 3;
  return std::string(url.substr(begin, url.find('/', begin) - begin));
}

}  // namespace

void sign_post(HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
               Time now) {
  const std::string time = basic_time(now);
  const std::string date = time.substr(0, 8);
  request.headers.emplace_back("X-Amz-Date", time);
  if (!credentials.session_token.empty()) {
    request.headers.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  std::map<std::string, std::string> headers = {{"host", authority(request.url)}};
  for (const auto& [name, value] : request.headers) {
    if (to_lower(name).starts_with("x-amz-")) headers[to_lower(name)] = value;
  }
  std::string canonical = "POST\n/\n\n";
  std::string names;
  for (const auto& [name, value] : headers) {
    canonical += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  canonical += "\n" + names + "\n" + to_hex(sha256(request.body));

  const std::string where = date + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + time + "\n" + where + "\n" + to_hex(sha256(canonical));
  std::string key = hmac_sha256("AWS4" + credentials.secret_access_key, date);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  request.headers.emplace_back(
      "Authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id + "/" + where +
                           ", SignedHeaders=" + names +
                           ", Signature=" + to_hex(hmac_sha256(key, to_sign)));
}

}  // namespace waybill::sqs
