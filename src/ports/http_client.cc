#include "ports/http_client.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace waybill {
namespace {

/// The longest that a server is believed to want to be left alone.
constexpr std::int64_t kSecondsMax = 24 * 60 * 60;

/// IMF-fixdate, the one form of HTTP-date that may be written today: Sun, 06 Nov 1994 08:49:37 GMT.
Duration until_date(std::string_view text, Time now) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return Duration(0);
  const Time at = from_micros(std::int64_t{timegm(&parts)} * 1'000'000);
  return std::clamp<Duration>(at - now, Duration(0), std::chrono::seconds(kSecondsMax));
}

}  // namespace

std::vector<Result<HttpResponse>> HttpClient::send_all(std::span<const HttpRequest> requests,
                                                       const Deadline& deadline) {
  std::vector<Result<HttpResponse>> responses;
  responses.reserve(requests.size());
  for (const HttpRequest& request : requests) responses.push_back(send(request, deadline));
  return responses;
}

std::string_view header(const HttpResponse& response, std::string_view name) {
  const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == response.headers.end() ? std::string_view() : std::string_view(found->second);
}

Duration retry_after(const HttpResponse& response, Time now) {
  if (response.status != 429 && response.status < 500) return Duration(0);
  const std::string_view text = header(response, "retry-after");
  if (text.empty()) return Duration(0);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end != text.data() + text.size()) return until_date(text, now);
  if (error == std::errc::result_out_of_range) seconds = kSecondsMax;
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kSecondsMax));
}

}  // namespace waybill
