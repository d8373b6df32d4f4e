#include "adapters/curl/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "adapters/curl/exchange.h"

namespace waybill {
namespace {

Result<void> start_once() {
  static std::once_flag once;
  static CURLcode started = CURLE_OK;
  std::call_once(once, [] { started = curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (started == CURLE_OK) return {};
  return fail(Code::resource_exhausted,
              std::string("starting libcurl: ") + curl_easy_strerror(started));
}

struct CloseMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct CloseEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

}  // namespace

/// An easy handle, and the multi handle that owns its connections and can be woken by a stop.
class CurlHttpClient::Session {
 public:
  bool is_open() const { return easy_ != nullptr && multi_ != nullptr; }

  Result<HttpResponse> run(const HttpRequest& request, const Deadline& deadline, Clock& clock,
                           const CurlOptions& options) {
    curl_easy_reset(easy_.get());
    curl::Exchange exchange(easy_.get(), request, options);
    const std::stop_callback wake(deadline.stop, [this] { curl_multi_wakeup(multi_.get()); });
    curl_multi_add_handle(multi_.get(), easy_.get());
    const Status ended = wait(exchange, deadline, clock);
    // Cuts the connection off if the answer is not whole.
    curl_multi_remove_handle(multi_.get(), easy_.get());
    if (!ended) return fail(ended.error());
    return exchange.take_response();
  }

 private:
  Status wait(curl::Exchange& exchange, const Deadline& deadline, Clock& clock) {
    for (;;) {
      int running = 0;
      if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK) {
        return fail(Code::internal, std::string("libcurl: ") + curl_multi_strerror(code));
      }
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg == CURLMSG_DONE) return exchange.judge(message->data.result);
      }
      if (deadline.stop_requested()) return exchange.given_up(Code::cancelled);
      const Duration time_left = deadline.at - clock.steady_now();
      if (time_left <= Duration(0)) return exchange.given_up(Code::deadline_exceeded);
      // Rounded up, so that it does not spin through the last millisecond.
      const auto millis = std::chrono::ceil<std::chrono::milliseconds>(
          std::min<Duration>(time_left, std::chrono::seconds(10)));
      curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(millis.count()), nullptr);
    }
  }

  std::unique_ptr<CURLM, CloseMulti> multi_{curl_multi_init()};
  std::unique_ptr<CURL, CloseEasy> easy_{curl_easy_init()};
};

Result<std::unique_ptr<CurlHttpClient>> CurlHttpClient::create(Clock& clock, CurlOptions options) {
  if (const Status started = start_once(); !started) return fail(started.error());
  return std::make_unique<CurlHttpClient>(clock, std::move(options));
}

CurlHttpClient::CurlHttpClient(Clock& clock, CurlOptions options)
    : clock_(clock), options_(std::move(options)) {}
CurlHttpClient::~CurlHttpClient() = default;

Result<HttpResponse> CurlHttpClient::send(const HttpRequest& request, const Deadline& deadline) {
  auto session = take();
  if (!session) return fail(session.error());
  auto response = (*session)->run(request, deadline, clock_, options_);
  give_back(std::move(*session));
  return response;
}

Result<std::unique_ptr<CurlHttpClient::Session>> CurlHttpClient::take() {
  {
    const Lock lock(mutex_);
    if (!idle_.empty()) {
      auto session = std::move(idle_.back());
      idle_.pop_back();
      return session;
    }
  }
  auto session = std::make_unique<Session>();
  if (session->is_open()) return session;
  return fail(Code::resource_exhausted, "opening a session of libcurl: out of memory");
}

void CurlHttpClient::give_back(std::unique_ptr<Session> session) {
  const Lock lock(mutex_);
  if (idle_.size() < options_.idle_max) idle_.push_back(std::move(session));
}

}  // namespace waybill
