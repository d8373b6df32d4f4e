#include "adapters/curl/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <optional>
#include <string>

#include "adapters/curl/request_check.h"
#include "adapters/curl/transfer.h"
#include "base/sigpipe_held.h"

namespace waybill {
namespace {

using Multi = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
using Responses = std::vector<Result<HttpResponse>>;

/// Longer than this nothing is waited for in one poll: the clock is looked at again.
constexpr Duration kPollMax = std::chrono::seconds(60);

/// Of a line, to whatever hosts.
constexpr long kConnectionsKept = 32;

CurlTransfer* transfer_of(CURL* easy) {
  char* found = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &found);
  return reinterpret_cast<CurlTransfer*>(found);
}

}  // namespace

/// Requests of one caller, driven together by its thread, on connections that stay open between
/// them.
class CurlHttpClient::Line {
 public:
  explicit Line(Clock& clock) : clock_(clock), multi_(curl_multi_init(), &curl_multi_cleanup) {
    // By itself libcurl keeps four for each handle that is under way, and few are at the end.
    if (multi_) curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kConnectionsKept);
  }

  const std::string& host() const { return host_; }
  /// An answer to each request, in their order.
  Responses run(std::span<const HttpRequest> requests, const CurlTransfer::Setup& setup,
                const Deadline& deadline, std::string host);

 private:
  using Answers = std::vector<std::optional<Result<HttpResponse>>>;
  bool make_room(std::size_t count);
  /// Drives the transfers to their ends, or until the deadline; the error says why they were given
  /// up.
  Status drive(Answers& answers, const Deadline& deadline);
  void take_ended(Answers& answers);
  void leave(CurlTransfer& transfer) { curl_multi_remove_handle(multi_.get(), transfer.easy()); }

  Clock& clock_;
  Multi multi_;  // outlives the handles
  std::vector<std::unique_ptr<CurlTransfer>> transfers_;
  std::string host_;
};

bool CurlHttpClient::Line::make_room(std::size_t count) {
  while (transfers_.size() < count) {
    auto transfer = std::make_unique<CurlTransfer>();
    if (!transfer->is_valid()) return false;
    transfers_.push_back(std::move(transfer));
  }
  return multi_ != nullptr;
}

void CurlHttpClient::Line::take_ended(Answers& answers) {
  int left_in_queue = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left_in_queue)) {
    if (message->msg != CURLMSG_DONE) continue;
    CurlTransfer* const ended = transfer_of(message->easy_handle);
    const CURLcode result = message->data.result;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (transfers_[i].get() == ended) answers[i] = ended->end(result);
    }
    leave(*ended);
    if (result != CURLE_OK) ended->renew();
  }
}

Status CurlHttpClient::Line::drive(Answers& answers, const Deadline& deadline) {
  const std::stop_callback wake(deadline.stop, [this] { curl_multi_wakeup(multi_.get()); });
  int running = 1;
  while (true) {
    if (deadline.stop_requested()) return fail(Code::cancelled, "stopped");
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) {
      return fail(Code::resource_exhausted, "libcurl cannot go on");
    }
    take_ended(answers);
    if (running == 0) return {};
    const Duration left = deadline.at - clock_.steady_now();
    if (left <= Duration(0)) return fail(Code::deadline_exceeded, "no answer in time");
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kPollMax));
    const auto waited =
        curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
    if (waited != CURLM_OK) return fail(Code::resource_exhausted, "libcurl cannot wait");
  }
}

Responses CurlHttpClient::Line::run(std::span<const HttpRequest> requests,
                                    const CurlTransfer::Setup& setup, const Deadline& deadline,
                                    std::string host) {
  host_ = std::move(host);
  Answers answers(requests.size());
  const bool has_room = make_room(requests.size());
  for (std::size_t i = 0; i < requests.size() && has_room; ++i) {
    CurlTransfer& transfer = *transfers_[i];
    const bool begun = transfer.begin(requests[i], setup, host_) &&
                       curl_multi_add_handle(multi_.get(), transfer.easy()) == CURLM_OK;
    if (!begun) {
      answers[i] =
          fail(Code::resource_exhausted, transfer.action() + ": libcurl cannot set the request up");
    }
  }
  const Status driven = has_room ? drive(answers, deadline)
                                 : fail(Code::resource_exhausted,
                                        "sending to " + host_ + ": libcurl has no handle left");
  Responses responses;
  responses.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (answers[i]) {
      responses.push_back(std::move(*answers[i]));
      continue;
    }
    if (!has_room) {
      responses.push_back(fail(driven.error()));
      continue;
    }
    // Closes the connection of a transfer that was given up.
    leave(*transfers_[i]);
    transfers_[i]->renew();
    responses.push_back(fail(with_context(driven.error(), transfers_[i]->action())));
  }
  return responses;
}

CurlHttpClient::CurlHttpClient(Clock& clock, CurlHttpClientParams params, TrustStore trust)
    : clock_(clock), params_(std::move(params)), trust_(std::move(trust)) {}
CurlHttpClient::~CurlHttpClient() = default;

Result<std::unique_ptr<CurlHttpClient>> CurlHttpClient::create(Clock& clock,
                                                               CurlHttpClientParams params) {
  // Counted and thread-safe in libcurl; never undone, as others in the process may use it.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Code::unavailable, "setting up the HTTP client: libcurl does not start");
  }
  auto trust = TrustStore::create(params.ca_files, params.ca_directories);
  if (!trust) return fail(trust.error());
  return std::unique_ptr<CurlHttpClient>(
      new CurlHttpClient(clock, std::move(params), std::move(*trust)));
}

std::unique_ptr<CurlHttpClient::Line> CurlHttpClient::take(const std::string& host) {
  const Lock lock(mutex_);
  if (idle_.empty()) return std::make_unique<Line>(clock_);
  // The last one that spoke to this host has a connection open; else the one that idled longest.
  const auto same = std::find_if(idle_.rbegin(), idle_.rend(),
                                 [&](const auto& line) { return line->host() == host; });
  const auto chosen = same == idle_.rend() ? idle_.begin() : std::prev(same.base());
  std::unique_ptr<Line> line = std::move(*chosen);
  idle_.erase(chosen);
  return line;
}

void CurlHttpClient::give_back(std::unique_ptr<Line> line) {
  const Lock lock(mutex_);
  if (idle_.size() < params_.idle_max) idle_.push_back(std::move(line));
}

Result<HttpResponse> CurlHttpClient::send(const HttpRequest& request, const Deadline& deadline) {
  return std::move(send_all(std::span(&request, 1), deadline).front());
}

Responses CurlHttpClient::send_all(std::span<const HttpRequest> requests,
                                   const Deadline& deadline) {
  Responses responses;
  if (requests.empty()) return responses;
  const std::string host = host_of(requests.front().url);
  for (const HttpRequest& request : requests) {
    Status valid = check_http_request(request, host_of(request.url));
    if (valid) continue;
    responses.assign(requests.size(), fail(valid.error()));
    return responses;
  }
  const SigpipeHeld held;
  std::unique_ptr<Line> line = take(host);
  responses = line->run(requests, {params_, trust_}, deadline, host);
  give_back(std::move(line));
  return responses;
}

}  // namespace waybill
