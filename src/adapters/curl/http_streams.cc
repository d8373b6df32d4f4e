#include "adapters/curl/http_streams.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "adapters/curl/request_check.h"
#include "adapters/curl/stream.h"
#include "base/sigpipe_held.h"

namespace waybill {
namespace {

/// Longer than this nothing is waited for in one poll: the clock is looked at again.
constexpr Duration kStreamPollMax = std::chrono::seconds(1);

using StreamMulti = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;

/// The CURLcode of the only transfer, or why it was given up.
Result<int> drive_stream(CURLM* multi, Clock& clock, const Deadline& deadline) {
  const std::stop_callback wake(deadline.stop, [multi] { curl_multi_wakeup(multi); });
  int running = 1;
  while (true) {
    if (deadline.stop_requested()) return fail(Code::cancelled, "stopped");
    if (curl_multi_perform(multi, &running) != CURLM_OK) {
      return fail(Code::resource_exhausted, "libcurl cannot go on");
    }
    int left_in_queue = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left_in_queue)) {
      if (message->msg == CURLMSG_DONE) return static_cast<int>(message->data.result);
    }
    if (running == 0) return fail(Code::internal, "libcurl has lost the transfer");
    const Duration left = deadline.at - clock.steady_now();
    if (left <= Duration(0)) return fail(Code::deadline_exceeded, "not over in time");
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kStreamPollMax));
    if (curl_multi_poll(multi, nullptr, 0, static_cast<int>(wait.count()), nullptr) != CURLM_OK) {
      return fail(Code::resource_exhausted, "libcurl cannot wait");
    }
  }
}

}  // namespace

CurlHttpStreams::CurlHttpStreams(Clock& clock, CurlHttpClientParams params, TrustStore trust)
    : clock_(clock), params_(std::move(params)), trust_(std::move(trust)) {}

Result<std::unique_ptr<CurlHttpStreams>> CurlHttpStreams::create(Clock& clock,
                                                                 CurlHttpClientParams params) {
  // Counted and thread-safe in libcurl; never undone, as others in the process may use it.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Code::unavailable, "setting up HTTP: libcurl does not start");
  }
  auto trust = TrustStore::create(params.ca_files, params.ca_directories);
  if (!trust) return fail(trust.error());
  return std::unique_ptr<CurlHttpStreams>(
      new CurlHttpStreams(clock, std::move(params), std::move(*trust)));
}

Result<HttpResponse> CurlHttpStreams::exchange(const HttpExchange& exchange, HttpDownload& download,
                                               const Deadline& deadline) {
  if (Status valid = check_http_request(exchange.request, host_of(exchange.request.url)); !valid) {
    return fail(valid.error());
  }
  const SigpipeHeld held;
  const StreamMulti multi(curl_multi_init(), &curl_multi_cleanup);
  CurlStream stream(
      {.params = params_, .trust = trust_, .exchange = exchange, .download = download});
  const bool begun =
      multi && stream.prepare() && curl_multi_add_handle(multi.get(), stream.easy()) == CURLM_OK;
  if (!begun) {
    return fail(Code::resource_exhausted, stream.action() + ": libcurl cannot set the request up");
  }
  const auto driven = drive_stream(multi.get(), clock_, deadline);
  auto answer = driven ? stream.end(*driven)
                       : Result<HttpResponse>(fail(with_context(driven.error(), stream.action())));
  curl_multi_remove_handle(multi.get(), stream.easy());
  return answer;
}

}  // namespace waybill
