#include "adapters/curl/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <iterator>
#include <optional>

#include "adapters/curl/authorities.h"
#include "base/ascii.h"

namespace waybill {
namespace {

bool has_scheme(std::string_view url, std::string_view scheme) {
  return to_lower(url.substr(0, scheme.size())) == scheme;
}

using CurlList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
using Multi = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

/// Longer than this nothing is waited for in one poll: the clock is looked at again.
constexpr Duration kPollMax = std::chrono::seconds(60);

/// "host:port" of an absolute URL, without user and password.
std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const auto user = url.rfind('@');
  return std::string(user == std::string_view::npos ? url : url.substr(user + 1));
}

Status check(const HttpRequest& request, std::string_view host) {
  if (host.empty()) {
    return fail(Code::invalid_argument, "sending an HTTP request: its URL is not absolute");
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || name.find_first_of("\r\n:;") != std::string::npos ||
        value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return fail(Code::invalid_argument,
                  "sending an HTTP request to " + std::string(host) + ": a header is malformed");
    }
  }
  return {};
}

bool append(CurlList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  if (!list) list.reset(longer);
  return true;
}

/// The request's headers as libcurl takes them; null if memory is short.
CurlList headers_of(const HttpRequest& request) {
  CurlList list(nullptr, &curl_slist_free_all);
  bool has_type = false;
  bool complete = append(list, "Expect:");
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || to_lower(name) == "content-type";
    complete = complete && append(list, value.empty() ? name + ";" : name + ": " + value);
  }
  // Else libcurl calls every body a form.
  if (!has_type) complete = complete && append(list, "Content-Type:");
  if (!complete) list.reset();
  return list;
}

/// Keeps SIGPIPE from this thread: OpenSSL writes to connections that the other side may have
/// closed, and libcurl's own way of ignoring the signal is not safe with threads.
class SigpipeHeld {
 public:
  SigpipeHeld() {
    sigset_t pending;
    sigpending(&pending);
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~SigpipeHeld() {
    const timespec now{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeHeld(const SigpipeHeld&) = delete;
  SigpipeHeld& operator=(const SigpipeHeld&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

/// What a failed transfer means. `sent` is whether a byte of the request may have left.
Code code_of(CURLcode result, bool sent) {
  switch (result) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Code::invalid_argument;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return Code::failed_precondition;
    case CURLE_OUT_OF_MEMORY:
      return Code::resource_exhausted;
    default:
      return sent ? Code::aborted : Code::unavailable;
  }
}

/// Whether whoever asks could do something about it: nobody whom we trust vouches for the server.
bool is_untrusted(CURL* easy) {
  constexpr long kIssuerUnknown[] = {2, 18, 19, 20, 21};  // X509_V_ERR_… of openssl/x509_vfy.h
  long verdict = 0;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
  return std::ranges::find(kIssuerUnknown, verdict) != std::end(kIssuerUnknown);
}

/// Whether a byte of the request may have left. What asked a proxy for a tunnel counts as sent in
/// libcurl, but before a new connection's TLS stands nothing of a request for https has.
bool may_have_sent(CURL* easy, std::string_view url) {
  long request_bytes = 0;
  long new_connections = 0;
  curl_off_t tls_after = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
  curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls_after);
  const bool no_tls_yet = has_scheme(url, "https://") && new_connections > 0 && tls_after == 0;
  return request_bytes > 0 && !no_tls_yet;
}

}  // namespace

/// One request at a time, on connections that stay open between requests.
class CurlHttpClient::Transfer {
 public:
  explicit Transfer(Clock& clock)
      : clock_(clock),
        multi_(curl_multi_init(), &curl_multi_cleanup),
        easy_(curl_easy_init(), &curl_easy_cleanup) {}

  bool is_valid() const { return multi_ && easy_; }
  const std::string& host() const { return host_; }
  /// What is configured, and the authorities that are trusted besides.
  struct Setup {
    const CurlHttpClientParams& params;
    const std::string& authorities;
  };
  Result<HttpResponse> run(const HttpRequest& request, const Setup& setup, const Deadline& deadline,
                           std::string host);

 private:
  bool prepare(const HttpRequest& request, const Setup& setup, curl_slist* headers);
  bool prepare_connection(const CurlHttpClientParams& params);
  bool prepare_trust(const std::string& authorities);
  /// Drives the transfer to its end, or until the deadline. The code says why it was given up.
  Result<CURLcode> drive(const Deadline& deadline);
  Error explain(CURLcode result, const std::string& action, std::string_view url);
  template <class Value>
  bool set(CURLoption option, Value value) {
    return curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  }
  /// Asked before each time that the request is sent.
  static int on_send(void* self, char* to, char* from, int to_port, int from_port);
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);

  Clock& clock_;
  // In this order: the easy handle must go first.
  Multi multi_;
  Easy easy_;
  std::string host_;
  HttpResponse response_;
  std::size_t body_bytes_max_ = 0;
  bool over_limit_ = false;
  Repeat repeat_ = Repeat::safe;
  int times_sent_ = 0;
  std::array<char, CURL_ERROR_SIZE> text_{};
};

// libcurl sends a request again by itself when a kept connection turns out to be dead.
int CurlHttpClient::Transfer::on_send(void* self, char* /*to*/, char* /*from*/, int /*to_port*/,
                                      int /*from_port*/) {
  auto& transfer = *static_cast<Transfer*>(self);
  const bool first = transfer.times_sent_++ == 0;
  return first || transfer.repeat_ == Repeat::safe ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

std::size_t CurlHttpClient::Transfer::on_header(char* data, std::size_t, std::size_t size,
                                                void* self) {
  auto& response = static_cast<Transfer*>(self)->response_;
  std::string_view line(data, size);
  // An interim answer (1xx) came before: only the last one counts.
  if (line.substr(0, 5) == "HTTP/") response.headers.clear();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || line.substr(0, 5) == "HTTP/") return size;
  std::string_view value = line.substr(colon + 1);
  const auto first = value.find_first_not_of(" \t\r\n");
  const auto last = value.find_last_not_of(" \t\r\n");
  value = first == std::string_view::npos ? "" : value.substr(first, last - first + 1);
  response.headers.emplace_back(to_lower(line.substr(0, colon)), value);
  return size;
}

std::size_t CurlHttpClient::Transfer::on_body(char* data, std::size_t, std::size_t size,
                                              void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (size > transfer.body_bytes_max_ - transfer.response_.body.size()) {
    transfer.over_limit_ = true;
    return size + 1;  // anything but `size` ends the transfer
  }
  transfer.response_.body.append(data, size);
  return size;
}

bool CurlHttpClient::Transfer::prepare_connection(const CurlHttpClientParams& params) {
  const auto connect = std::chrono::ceil<std::chrono::milliseconds>(params.connect_timeout);
  return set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
         set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS)) &&
         set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
         set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count())) &&
         set(CURLOPT_TCP_KEEPALIVE, 1L) && set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
         set(CURLOPT_USERAGENT, params.user_agent.c_str());
}

bool CurlHttpClient::Transfer::prepare_trust(const std::string& authorities) {
  if (authorities.empty()) return true;
  // The system's authorities stay trusted: Debian's libcurl finds them by its CAPATH.
  curl_blob blob{.data = const_cast<char*>(authorities.data()),
                 .len = authorities.size(),
                 .flags = CURL_BLOB_NOCOPY};
  return set(CURLOPT_CAINFO_BLOB, &blob);
}

bool CurlHttpClient::Transfer::prepare(const HttpRequest& request, const Setup& setup,
                                       curl_slist* headers) {
  const auto& [params, authorities] = setup;
  curl_easy_reset(easy_.get());
  const bool has_body =
      !request.body.empty() || (request.method != "GET" && request.method != "HEAD");
  bool ready = prepare_connection(params) && prepare_trust(authorities) &&
               set(CURLOPT_URL, request.url.c_str()) && set(CURLOPT_PATH_AS_IS, 1L) &&
               set(CURLOPT_HTTPHEADER, headers) && set(CURLOPT_ACCEPT_ENCODING, "gzip") &&
               set(CURLOPT_ERRORBUFFER, text_.data()) &&
               set(CURLOPT_HEADERFUNCTION, &Transfer::on_header) && set(CURLOPT_HEADERDATA, this) &&
               set(CURLOPT_WRITEFUNCTION, &Transfer::on_body) && set(CURLOPT_WRITEDATA, this);
  if (!params.http_proxy.empty() && has_scheme(request.url, "http://")) {
    ready = ready && set(CURLOPT_PROXY, params.http_proxy.c_str());
  }
  if (request.method == "HEAD") return ready && set(CURLOPT_NOBODY, 1L);
  if (has_body) {
    // Not copied: the request outlives the transfer.
    ready = ready &&
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())) &&
            set(CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.repeat == Repeat::never) {
    ready =
        ready && set(CURLOPT_PREREQFUNCTION, &Transfer::on_send) && set(CURLOPT_PREREQDATA, this);
  }
  return ready && set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

Result<CURLcode> CurlHttpClient::Transfer::drive(const Deadline& deadline) {
  const std::stop_callback wake(deadline.stop, [this] { curl_multi_wakeup(multi_.get()); });
  int running = 1;
  while (true) {
    if (deadline.stop_requested()) return fail(Code::cancelled, "stopped");
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (running == 0) break;
    const Duration left = deadline.at - clock_.steady_now();
    if (left <= Duration(0)) return fail(Code::deadline_exceeded, "no answer in time");
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kPollMax));
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
  }
  int left_in_queue = 0;
  const CURLMsg* message = curl_multi_info_read(multi_.get(), &left_in_queue);
  return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
}

Error CurlHttpClient::Transfer::explain(CURLcode result, const std::string& action,
                                        std::string_view url) {
  if (over_limit_) {
    return {Code::resource_exhausted,
            action + ": the answer has more than " + std::to_string(body_bytes_max_) + " bytes"};
  }
  if (repeat_ == Repeat::never && times_sent_ > 1) {
    return {Code::aborted, action + ": the kept connection was cut off"};
  }
  const Code code = code_of(result, may_have_sent(easy_.get(), url));
  // What libcurl says of a URL might quote it.
  const bool quotes = code == Code::invalid_argument || text_[0] == '\0';
  std::string text = quotes ? curl_easy_strerror(result) : text_.data();
  if (!text.empty()) text.front() = to_lower(text.front());
  if (result == CURLE_PEER_FAILED_VERIFICATION && is_untrusted(easy_.get())) {
    text +=
        "; if this server is to be trusted, name a file with its authority's certificate (PEM) "
        "in the variable SSL_CERT_FILE";
  }
  return {code, action + ": " + text};
}

Result<HttpResponse> CurlHttpClient::Transfer::run(const HttpRequest& request, const Setup& setup,
                                                   const Deadline& deadline, std::string host) {
  host_ = std::move(host);
  response_ = {};
  over_limit_ = false;
  repeat_ = request.repeat;
  times_sent_ = 0;
  body_bytes_max_ = setup.params.body_bytes_max;
  text_.front() = '\0';
  const std::string action = "sending " + request.method + " to " + host_;
  const CurlList headers = headers_of(request);
  if (!headers || !prepare(request, setup, headers.get()) ||
      curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) {
    return fail(Code::resource_exhausted, action + ": libcurl cannot set the request up");
  }
  const Result<CURLcode> result = drive(deadline);
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  std::optional<Error> error;
  if (!result) error = with_context(result.error(), action);
  if (result && *result != CURLE_OK) error = explain(*result, action, request.url);
  // Closes the connection of a transfer that was given up.
  curl_multi_remove_handle(multi_.get(), easy_.get());
  curl_easy_reset(easy_.get());
  if (error) return fail(std::move(*error));
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

CurlHttpClient::CurlHttpClient(Clock& clock, CurlHttpClientParams params, std::string authorities)
    : clock_(clock), params_(std::move(params)), authorities_(std::move(authorities)) {}
CurlHttpClient::~CurlHttpClient() = default;

Result<std::unique_ptr<CurlHttpClient>> CurlHttpClient::create(Clock& clock,
                                                               CurlHttpClientParams params) {
  // Counted and thread-safe in libcurl; never undone, as others in the process may use it.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Code::unavailable, "setting up the HTTP client: libcurl does not start");
  }
  auto authorities = read_authorities(params.ca_files, params.ca_directories);
  if (!authorities) return fail(authorities.error());
  return std::unique_ptr<CurlHttpClient>(
      new CurlHttpClient(clock, std::move(params), std::move(*authorities)));
}

std::unique_ptr<CurlHttpClient::Transfer> CurlHttpClient::take(const std::string& host) {
  const Lock lock(mutex_);
  if (idle_.empty()) return std::make_unique<Transfer>(clock_);
  // The last one that spoke to this host has a connection open; else the one that idled longest.
  const auto same = std::find_if(idle_.rbegin(), idle_.rend(),
                                 [&](const auto& transfer) { return transfer->host() == host; });
  const auto chosen = same == idle_.rend() ? idle_.begin() : std::prev(same.base());
  std::unique_ptr<Transfer> transfer = std::move(*chosen);
  idle_.erase(chosen);
  return transfer;
}

void CurlHttpClient::give_back(std::unique_ptr<Transfer> transfer) {
  const Lock lock(mutex_);
  if (idle_.size() < params_.idle_max) idle_.push_back(std::move(transfer));
}

Result<HttpResponse> CurlHttpClient::send(const HttpRequest& request, const Deadline& deadline) {
  std::string host = host_of(request.url);
  if (Status valid = check(request, host); !valid) return fail(valid.error());
  const SigpipeHeld held;
  std::unique_ptr<Transfer> transfer = take(host);
  if (!transfer->is_valid()) {
    return fail(Code::resource_exhausted, "sending to " + host + ": libcurl has no handle left");
  }
  Result<HttpResponse> response =
      transfer->run(request, {params_, authorities_}, deadline, std::move(host));
  give_back(std::move(transfer));
  return response;
}

}  // namespace waybill
