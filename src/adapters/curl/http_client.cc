#include "adapters/curl/http_client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "adapters/curl/authorities.h"
#include "adapters/curl/header_list.h"
#include "adapters/curl/no_proxy.h"
#include "adapters/curl/request_check.h"
#include "adapters/curl/transfer_error.h"
#include "base/ascii.h"
#include "base/sigpipe_held.h"

namespace waybill {
namespace {

using Multi = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

/// Of an answer's body: libcurl allocates its buffer for each request, and this much, unlike its
/// own 16 KiB, comes from malloc's quick bins. For answers that are a status and little else.
constexpr long kSmallBufferBytes = 1024;

/// Longer than this nothing is waited for in one poll: the clock is looked at again.
constexpr Duration kPollMax = std::chrono::seconds(60);

/// None for what is no address of the internet.
std::optional<IpAddress> address_of(const curl_sockaddr& address) {
  IpAddress found{};
  if (address.family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address.addr);
    std::memcpy(found.data(), &six.sin6_addr, found.size());
    return found;
  }
  if (address.family != AF_INET) return std::nullopt;
  const auto& four = reinterpret_cast<const sockaddr_in&>(address.addr);
  found[10] = found[11] = 0xff;
  std::memcpy(found.data() + 12, &four.sin_addr, 4);
  return found;
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
  /// What requests have in common: options that stay set from one to the next of the same shape.
  struct Shape {
    std::string method;
    bool has_body = false;
    bool once = false;
    bool by_http_proxy = false;
    bool direct = false;

    bool operator==(const Shape&) const = default;
  };
  static Shape shape_of(const HttpRequest& request, const CurlHttpClientParams& params);

  bool prepare(const HttpRequest& request, const Setup& setup);
  bool prepare_shape(const Setup& setup);
  bool prepare_connection(const CurlHttpClientParams& params);
  bool prepare_trust(const std::string& authorities);
  /// Drives the transfer to its end, or until the deadline. The code says why it was given up.
  Result<CURLcode> drive(const Deadline& deadline);
  Error explain(CURLcode result, const std::string& action, std::string_view url);
  template <class Value>
  bool set(CURLoption option, Value value) {
    return curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  }
  /// Asked for each connection, with the address that the name has turned out to be.
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  /// Asked before each time that the request is sent.
  static int on_send(void* self, char* to, char* from, int to_port, int from_port);
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);

  Clock& clock_;
  // In this order: the easy handle must go first.
  Multi multi_;
  Easy easy_;
  Shape shape_;
  bool is_shaped_ = false;
  HeaderList headers_;
  std::string base_;  // of the URL, as far as libcurl reads it
  std::string host_;
  HttpResponse response_;
  std::size_t body_bytes_max_ = 0;
  bool over_limit_ = false;
  std::function<bool(const IpAddress&)> may_connect_;  // during run()
  std::string refused_;  // the address that it would have connected to
  Repeat repeat_ = Repeat::safe;
  int times_sent_ = 0;
  std::array<char, CURL_ERROR_SIZE> text_{};
};

curl_socket_t CurlHttpClient::Transfer::on_open(void* self, curlsocktype /*purpose*/,
                                                curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto ip = address_of(*address);
  if (!ip || !transfer.may_connect_(*ip)) {
    transfer.refused_ = ip ? to_string(*ip) : "an address of another family";
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

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

CurlHttpClient::Transfer::Shape CurlHttpClient::Transfer::shape_of(
    const HttpRequest& request, const CurlHttpClientParams& params) {
  return {
      .method = request.method,
      .has_body = !request.body.empty() || (request.method != "GET" && request.method != "HEAD"),
      .once = request.repeat == Repeat::never,
      .by_http_proxy = !params.http_proxy.empty() && has_scheme(request.url, "http://"),
      .direct = params.no_proxy && goes_without_proxy(request.url, *params.no_proxy)};
}

bool CurlHttpClient::Transfer::prepare_shape(const Setup& setup) {
  const auto& [params, authorities] = setup;
  curl_easy_reset(easy_.get());
  bool ready = prepare_connection(params) && prepare_trust(authorities) &&
               set(CURLOPT_PATH_AS_IS, 1L) && set(CURLOPT_ACCEPT_ENCODING, "gzip") &&
               set(CURLOPT_ERRORBUFFER, text_.data()) &&
               set(CURLOPT_HEADERFUNCTION, &Transfer::on_header) && set(CURLOPT_HEADERDATA, this) &&
               set(CURLOPT_WRITEFUNCTION, &Transfer::on_body) && set(CURLOPT_WRITEDATA, this);
  if (shape_.method == "PUT" || shape_.method == "DELETE") {
    ready = ready && set(CURLOPT_BUFFERSIZE, kSmallBufferBytes);
  }
  if (shape_.by_http_proxy) ready = ready && set(CURLOPT_PROXY, params.http_proxy.c_str());
  // Set at all, libcurl does not look for one in the environment.
  if (params.no_proxy) ready = ready && set(CURLOPT_NOPROXY, shape_.direct ? "*" : "");
  if (params.may_connect) {
    ready = ready && set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open) &&
            set(CURLOPT_OPENSOCKETDATA, this);
  }
  if (shape_.method == "HEAD") return ready && set(CURLOPT_NOBODY, 1L);
  if (shape_.once) {
    ready =
        ready && set(CURLOPT_PREREQFUNCTION, &Transfer::on_send) && set(CURLOPT_PREREQDATA, this);
  }
  return ready && set(CURLOPT_CUSTOMREQUEST, shape_.method.c_str());
}

bool CurlHttpClient::Transfer::prepare(const HttpRequest& request, const Setup& setup) {
  Shape shape = shape_of(request, setup.params);
  if (!is_shaped_ || shape_ != shape) {
    shape_ = std::move(shape);
    is_shaped_ = prepare_shape(setup);
  }
  // It ends the URL, so it ends with a zero byte too.
  const std::string_view target = request_target(request.url, setup.params.proxy_of_http);
  base_.assign(request.url, 0, request.url.size() - target.size());
  bool ready = is_shaped_ && set(CURLOPT_URL, base_.c_str()) &&
               set(CURLOPT_REQUEST_TARGET, target.empty() ? nullptr : target.data()) &&
               set(CURLOPT_HTTPHEADER, headers_.of(request));
  if (shape_.has_body && shape_.method != "HEAD") {
    // Not copied: the request outlives the transfer.
    ready = ready &&
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())) &&
            set(CURLOPT_POSTFIELDS, request.body.data());
  }
  return ready;
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
  if (!refused_.empty() && result == CURLE_COULDNT_CONNECT) {
    return {Code::permission_denied, action + ": it is at " + refused_ + ", which is not allowed"};
  }
  if (repeat_ == Repeat::never && times_sent_ > 1) {
    return {Code::aborted, action + ": the kept connection was cut off"};
  }
  const Code code = code_of_transfer(result, may_have_sent(easy_.get(), url));
  // What libcurl says of a URL might quote it.
  const bool quotes = code == Code::invalid_argument || text_[0] == '\0';
  std::string text = quotes ? curl_easy_strerror(result) : text_.data();
  // Not of "CONNECT" and "URL".
  if (text.size() > 1 && to_lower(text[1]) == text[1]) text.front() = to_lower(text.front());
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
  refused_.clear();
  may_connect_ = [&](const IpAddress& address) {
    return setup.params.may_connect(request.url, address);
  };
  repeat_ = request.repeat;
  times_sent_ = 0;
  body_bytes_max_ = setup.params.body_bytes_max;
  text_.front() = '\0';
  const auto action = [&] { return "sending " + request.method + " to " + host_; };
  if (!prepare(request, setup) || curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) {
    return fail(Code::resource_exhausted, action() + ": libcurl cannot set the request up");
  }
  const Result<CURLcode> result = drive(deadline);
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  std::optional<Error> error;
  if (!result) error = with_context(result.error(), action());
  if (result && *result != CURLE_OK) error = explain(*result, action(), request.url);
  // Closes the connection of a transfer that was given up.
  curl_multi_remove_handle(multi_.get(), easy_.get());
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
  if (Status valid = check_http_request(request, host); !valid) return fail(valid.error());
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
