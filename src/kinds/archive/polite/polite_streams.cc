#include "kinds/archive/polite/polite_streams.h"

#include <algorithm>

#include "core/fetch/url_reference.h"

namespace waybill {
namespace {

/// Sees the head of an answer that goes elsewhere.
class HeadWatch final : public HttpDownload {
 public:
  HeadWatch(HttpDownload& inner, Clock& clock) : inner_(inner), clock_(clock) {}
  Status begin(const HttpResponse& head) override {
    status_ = head.status;
    wait_ = retry_after(head, clock_.now());
    return inner_.begin(head);
  }
  Status write(std::string_view bytes) override {
    Status written = inner_.write(bytes);
    is_refused_ = is_refused_ || !written;
    return written;
  }

  /// What is to be told of the host.
  HostGate::News news(const std::string& host, const Result<HttpResponse>& answer) const {
    HostGate::News news{.host = host};
    const bool says_later = status_ == 429 || status_ == 503 || status_ == 403;
    if (says_later) news.leave_alone = wait_;
    const bool is_broken =
        !answer && !is_refused_ &&
        (answer.error().code == Code::unavailable || answer.error().code == Code::aborted ||
         answer.error().code == Code::deadline_exceeded);
    if (is_broken || status_ == 429 || status_ >= 500) news.failures = 1;
    return news;
  }

 private:
  HttpDownload& inner_;
  Clock& clock_;
  int status_ = 0;
  Duration wait_{};
  bool is_refused_ = false;
};

}  // namespace

Result<HttpResponse> PoliteStreams::exchange(const HttpExchange& exchange, HttpDownload& download,
                                             const Deadline& deadline) {
  const std::string& url = exchange.request.url;
  Duration delay = manners_.delay;
  if (manners_.obeys_robots && desk_.robots != nullptr && is_http_url(url)) {
    Manners plain = manners_;
    plain.obeys_robots = false;
    PoliteStreams asking(desk_, plain);
    const auto rules = desk_.robots->rules(url, asking, deadline);
    if (!rules) return fail(rules.error());
    if (!(*rules)->allow(target_of_url(url))) {
      return fail(Code::failed_precondition, "the robots.txt of " + origin_of_url(url) +
                                                 " asks not to fetch " + shown_url(url) +
                                                 "; with leave of its owner say robots: ignore");
    }
    delay = std::max(delay, (*rules)->crawl_delay());
  }
  if (desk_.gate == nullptr) return desk_.web->exchange(exchange, download, deadline);
  const std::string host = host_key_of_url(url);
  auto turn = desk_.gate->take(
      {.host = host, .at_once = manners_.per_host, .delay = delay, .wait_max = manners_.wait_max},
      deadline);
  if (!turn) return fail(turn.error());
  HeadWatch watch(download, desk_.clock);
  auto answer = desk_.web->exchange(exchange, watch, deadline);
  const bool is_ours = deadline.stop_requested() || desk_.clock.steady_now() >= deadline.at;
  const HostGate::News news = watch.news(host, answer);
  if (!is_ours && (news.failures > 0 || news.leave_alone > Duration(0))) desk_.gate->tell(news);
  return answer;
}

}  // namespace waybill
