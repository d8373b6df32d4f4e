#include "adapters/curl/transfer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "adapters/curl/no_proxy.h"
#include "adapters/curl/request_target.h"
#include "adapters/curl/socket_address.h"
#include "adapters/curl/transfer_error.h"
#include "base/ascii.h"

namespace waybill {
namespace {

static_assert(CURL_ERROR_SIZE == 256);

/// Of an answer's body: libcurl allocates its buffer for each request, and this much, unlike its
/// own 16 KiB, comes from malloc's quick bins. For answers that are a status and little else.
constexpr long kSmallBufferBytes = 1024;

template <class Value>
bool set(CURL* easy, CURLoption option, Value value) {
  return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

}  // namespace

/// What libcurl calls.
struct CurlCallbacks {
  static curl_socket_t on_open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const auto ip = address_of_socket(address->family, address->addr);
    if (!ip || !transfer.may_connect_(*ip)) {
      transfer.refused_ = ip ? to_string(*ip) : "an address of another family";
      return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  // libcurl sends a request again by itself when a kept connection turns out to be dead.
  static int on_send(void* self, char* /*to*/, char* /*from*/, int /*to_port*/, int /*from_port*/) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const bool first = transfer.times_sent_++ == 0;
    return first || transfer.request_->repeat == Repeat::safe ? CURL_PREREQFUNC_OK
                                                              : CURL_PREREQFUNC_ABORT;
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& response = static_cast<CurlTransfer*>(self)->response_;
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

  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    if (size > transfer.body_bytes_max_ - transfer.response_.body.size()) {
      transfer.over_limit_ = true;
      return size + 1;  // anything but `size` ends the transfer
    }
    transfer.response_.body.append(data, size);
    return size;
  }
};

CurlTransfer::CurlTransfer() : easy_(curl_easy_init(), &curl_easy_cleanup) {}

std::string CurlTransfer::action() const { return "sending " + shape_.method + " to " + host_; }

bool CurlTransfer::prepare_connection(const CurlHttpClientParams& params) {
  const auto connect = std::chrono::ceil<std::chrono::milliseconds>(params.connect_timeout);
  return set(easy(), CURLOPT_NOSIGNAL, 1L) && set(easy(), CURLOPT_PROTOCOLS_STR, "http,https") &&
         set(easy(), CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS)) &&
         set(easy(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
         set(easy(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count())) &&
         set(easy(), CURLOPT_TCP_KEEPALIVE, 1L) &&
         set(easy(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
         set(easy(), CURLOPT_USERAGENT, params.user_agent.c_str());
}

CurlTransfer::Shape CurlTransfer::shape_of(const HttpRequest& request,
                                           const CurlHttpClientParams& params) {
  return {
      .method = request.method,
      .has_body = !request.body.empty() || (request.method != "GET" && request.method != "HEAD"),
      .once = request.repeat == Repeat::never,
      .by_http_proxy = !params.http_proxy.empty() && has_scheme(request.url, "http://"),
      .direct = params.no_proxy && goes_without_proxy(request.url, *params.no_proxy)};
}

bool CurlTransfer::prepare_shape(const Setup& setup) {
  const auto& [params, trust] = setup;
  curl_easy_reset(easy_.get());
  bool ready = prepare_connection(params) && trust.give_to(easy()) &&
               set(easy(), CURLOPT_PATH_AS_IS, 1L) &&
               set(easy(), CURLOPT_ACCEPT_ENCODING, "gzip") &&
               set(easy(), CURLOPT_ERRORBUFFER, text_.data()) &&
               set(easy(), CURLOPT_HEADERFUNCTION, &CurlCallbacks::on_header) &&
               set(easy(), CURLOPT_HEADERDATA, this) &&
               set(easy(), CURLOPT_WRITEFUNCTION, &CurlCallbacks::on_body) &&
               set(easy(), CURLOPT_WRITEDATA, this) && set(easy(), CURLOPT_PRIVATE, this);
  if (shape_.method == "PUT" || shape_.method == "DELETE") {
    ready = ready && set(easy(), CURLOPT_BUFFERSIZE, kSmallBufferBytes);
  }
  if (shape_.by_http_proxy) ready = ready && set(easy(), CURLOPT_PROXY, params.http_proxy.c_str());
  // Set at all, libcurl does not look for one in the environment.
  if (params.no_proxy) ready = ready && set(easy(), CURLOPT_NOPROXY, shape_.direct ? "*" : "");
  if (params.may_connect) {
    ready = ready && set(easy(), CURLOPT_OPENSOCKETFUNCTION, &CurlCallbacks::on_open) &&
            set(easy(), CURLOPT_OPENSOCKETDATA, this);
  }
  if (shape_.method == "HEAD") return ready && set(easy(), CURLOPT_NOBODY, 1L);
  if (shape_.once) {
    ready = ready && set(easy(), CURLOPT_PREREQFUNCTION, &CurlCallbacks::on_send) &&
            set(easy(), CURLOPT_PREREQDATA, this);
  }
  return ready && set(easy(), CURLOPT_CUSTOMREQUEST, shape_.method.c_str());
}

bool CurlTransfer::prepare(const HttpRequest& request, const Setup& setup) {
  Shape shape = shape_of(request, setup.params);
  if (!is_shaped_ || shape_ != shape) {
    shape_ = std::move(shape);
    is_shaped_ = prepare_shape(setup);
  }
  // It ends the URL, so it ends with a zero byte too.
  const std::string_view target = request_target(request.url, setup.params.proxy_of_http);
  base_.assign(request.url, 0, request.url.size() - target.size());
  bool ready = is_shaped_ && set(easy(), CURLOPT_URL, base_.c_str()) &&
               set(easy(), CURLOPT_REQUEST_TARGET, target.empty() ? nullptr : target.data()) &&
               set(easy(), CURLOPT_HTTPHEADER, headers_.of(request));
  if (shape_.has_body && shape_.method != "HEAD") {
    // Not copied: the request outlives the transfer.
    ready =
        ready &&
        set(easy(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())) &&
        set(easy(), CURLOPT_POSTFIELDS, request.body.data());
  }
  return ready;
}

bool CurlTransfer::begin(const HttpRequest& request, const Setup& setup, const std::string& host) {
  host_ = host;
  request_ = &request;
  response_ = {};
  over_limit_ = false;
  refused_.clear();
  may_connect_ = [&request, &setup](const IpAddress& address) {
    return setup.params.may_connect(request.url, address);
  };
  times_sent_ = 0;
  body_bytes_max_ = setup.params.body_bytes_max;
  text_.front() = '\0';
  return prepare(request, setup);
}

Result<HttpResponse> CurlTransfer::end(int code) {
  if (code != CURLE_OK) return fail(explain(code));
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

void CurlTransfer::renew() {
  easy_.reset(curl_easy_init());
  is_shaped_ = false;
}

Error CurlTransfer::explain(int result) const {
  if (over_limit_) {
    return {Code::resource_exhausted,
            action() + ": the answer has more than " + std::to_string(body_bytes_max_) + " bytes"};
  }
  if (!refused_.empty() && result == CURLE_COULDNT_CONNECT) {
    return {Code::permission_denied,
            action() + ": it is at " + refused_ + ", which is not allowed"};
  }
  if (request_->repeat == Repeat::never && times_sent_ > 1) {
    return {Code::aborted, action() + ": the kept connection was cut off"};
  }
  const Code code = code_of_transfer(result, may_have_sent(easy(), request_->url));
  // What libcurl says of a URL might quote it.
  const char* said = code == Code::invalid_argument ? "" : text_.data();
  return {code, action() + ": " + words_of_transfer(easy(), result, said)};
}

}  // namespace waybill
