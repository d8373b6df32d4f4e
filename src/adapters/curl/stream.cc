#include "adapters/curl/stream.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "adapters/curl/no_proxy.h"
#include "adapters/curl/request_check.h"
#include "adapters/curl/request_target.h"
#include "adapters/curl/socket_address.h"
#include "adapters/curl/transfer_error.h"
#include "base/ascii.h"

namespace waybill {
namespace {

constexpr long kStreamBufferBytes = 256 * 1024;
/// Of status line and headers, trailers counted: libcurl itself bounds each line, not all of them.
constexpr std::size_t kHeadBytesMax = 256 * 1024;

template <class Value>
bool set_on_stream(CURL* easy, CURLoption option, Value value) {
  return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

std::string_view trimmed_value(std::string_view value) {
  const auto first = value.find_first_not_of(" \t\r\n");
  if (first == value.npos) return {};
  return value.substr(first, value.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

/// What libcurl calls.
struct CurlStreamCallbacks {
  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& stream = *static_cast<CurlStream*>(self);
    const auto ip = address_of_socket(address->family, address->addr);
    const auto& setup = stream.setup_;
    if (!ip || !setup.params.may_connect(setup.exchange.request.url, *ip)) {
      stream.refused_ = ip ? to_string(*ip) : "an address of another family";
      return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& stream = *static_cast<CurlStream*>(self);
    const std::string_view line(data, size);
    stream.head_bytes_ += size;
    if (stream.head_bytes_ > kHeadBytesMax) {
      stream.refusal_ = Error{Code::resource_exhausted,
                              stream.action() + ": the headers of the answer have no end"};
      return size + 1;
    }
    // An interim answer (1xx) came before: only the last one counts.
    if (line.starts_with("HTTP/")) {
      stream.response_.headers.clear();
      stream.head_.clear();
    }
    if (stream.setup_.exchange.wire != nullptr && !stream.is_begun_) stream.head_ += line;
    if (line.starts_with("HTTP/")) return size;
    if (line == "\r\n" || line == "\n") return stream.begin() ? size : size + 1;
    const auto colon = line.find(':');
    if (colon == line.npos) return size;
    stream.response_.headers.emplace_back(to_lower(line.substr(0, colon)),
                                          trimmed_value(line.substr(colon + 1)));
    return size;
  }

  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& stream = *static_cast<CurlStream*>(self);
    if (!stream.begin()) return size + 1;
    if (Status taken = stream.setup_.download.write({data, size}); !taken) {
      stream.refusal_ = std::move(taken.error());
      return size + 1;  // anything but `size` ends the transfer
    }
    return size;
  }

  static int on_wire(CURL*, curl_infotype type, char* data, std::size_t size, void* self) {
    auto& stream = *static_cast<CurlStream*>(self);
    if (type == CURLINFO_HEADER_OUT) stream.setup_.exchange.wire->request_head({data, size});
    return 0;
  }

  static std::size_t on_read(char* room, std::size_t, std::size_t size, void* self) {
    auto& stream = *static_cast<CurlStream*>(self);
    auto read = stream.setup_.exchange.upload->read({room, size});
    if (read) return *read;
    stream.refusal_ = std::move(read.error());
    return CURL_READFUNC_ABORT;
  }
};

CurlStream::CurlStream(Setup setup)
    : setup_(setup),
      action_("sending " + setup.exchange.request.method + " to " +
              host_of(setup.exchange.request.url)),
      easy_(curl_easy_init(), &curl_easy_cleanup) {}

bool CurlStream::begin() {
  if (is_begun_) return true;
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return true;
  is_begun_ = true;
  response_.status = static_cast<int>(status);
  if (setup_.exchange.wire != nullptr) setup_.exchange.wire->answer_head(head_);
  Status taken = setup_.download.begin(response_);
  if (taken) return true;
  refusal_ = std::move(taken.error());
  return false;
}

bool CurlStream::prepare_connection() {
  const auto& params = setup_.params;
  const std::string& url = setup_.exchange.request.url;
  const auto connect = std::chrono::ceil<std::chrono::milliseconds>(params.connect_timeout);
  bool ready =
      set_on_stream(easy(), CURLOPT_NOSIGNAL, 1L) &&
      set_on_stream(easy(), CURLOPT_PROTOCOLS_STR, "http,https") &&
      set_on_stream(easy(), CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)) &&
      set_on_stream(easy(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
      set_on_stream(easy(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count())) &&
      set_on_stream(easy(), CURLOPT_TCP_KEEPALIVE, 1L) &&
      set_on_stream(easy(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
      set_on_stream(easy(), CURLOPT_USERAGENT, params.user_agent.c_str());
  if (!params.http_proxy.empty() && has_scheme(url, "http://")) {
    ready = ready && set_on_stream(easy(), CURLOPT_PROXY, params.http_proxy.c_str());
  }
  if (params.no_proxy) {
    const bool direct = goes_without_proxy(url, *params.no_proxy);
    ready = ready && set_on_stream(easy(), CURLOPT_NOPROXY, direct ? "*" : "");
  }
  return ready && setup_.trust.give_to(easy());
}

bool CurlStream::prepare_callbacks() {
  bool ready = set_on_stream(easy(), CURLOPT_ERRORBUFFER, text_.data()) &&
               set_on_stream(easy(), CURLOPT_HEADERFUNCTION, &CurlStreamCallbacks::on_header) &&
               set_on_stream(easy(), CURLOPT_HEADERDATA, this) &&
               set_on_stream(easy(), CURLOPT_WRITEFUNCTION, &CurlStreamCallbacks::on_body) &&
               set_on_stream(easy(), CURLOPT_WRITEDATA, this) &&
               set_on_stream(easy(), CURLOPT_BUFFERSIZE, kStreamBufferBytes);
  if (setup_.params.may_connect) {
    ready = ready &&
            set_on_stream(easy(), CURLOPT_OPENSOCKETFUNCTION, &CurlStreamCallbacks::on_open) &&
            set_on_stream(easy(), CURLOPT_OPENSOCKETDATA, this);
  }
  if (setup_.exchange.wire != nullptr) {
    ready = ready && set_on_stream(easy(), CURLOPT_HTTP_TRANSFER_DECODING, 0L) &&
            set_on_stream(easy(), CURLOPT_DEBUGFUNCTION, &CurlStreamCallbacks::on_wire) &&
            set_on_stream(easy(), CURLOPT_DEBUGDATA, this) &&
            set_on_stream(easy(), CURLOPT_VERBOSE, 1L);
  }
  return ready;
}

bool CurlStream::prepare_request() {
  const HttpExchange& exchange = setup_.exchange;
  const HttpRequest& request = exchange.request;
  const std::string_view target = request_target(request.url, setup_.params.proxy_of_http);
  base_.assign(request.url, 0, request.url.size() - target.size());
  bool ready =
      set_on_stream(easy(), CURLOPT_PATH_AS_IS, 1L) &&
      set_on_stream(easy(), CURLOPT_URL, base_.c_str()) &&
      set_on_stream(easy(), CURLOPT_REQUEST_TARGET, target.empty() ? nullptr : target.data()) &&
      set_on_stream(easy(), CURLOPT_HTTPHEADER, headers_.of(request));
  if (exchange.bytes_per_second_min > 0) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(exchange.slow_max).count();
    ready = ready &&
            set_on_stream(easy(), CURLOPT_LOW_SPEED_LIMIT,
                          static_cast<long>(exchange.bytes_per_second_min)) &&
            set_on_stream(easy(), CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds));
  }
  if (request.method == "HEAD") return ready && set_on_stream(easy(), CURLOPT_NOBODY, 1L);
  if (exchange.upload != nullptr) {
    ready = ready && set_on_stream(easy(), CURLOPT_POST, 1L) &&
            set_on_stream(easy(), CURLOPT_POSTFIELDSIZE_LARGE,
                          static_cast<curl_off_t>(exchange.upload_bytes)) &&
            set_on_stream(easy(), CURLOPT_READFUNCTION, &CurlStreamCallbacks::on_read) &&
            set_on_stream(easy(), CURLOPT_READDATA, this) &&
            set_on_stream(easy(), CURLOPT_UPLOAD_BUFFERSIZE, kStreamBufferBytes);
  } else if (request.method != "GET" || !request.body.empty()) {
    // Not copied: the request outlives the transfer.
    ready = ready &&
            set_on_stream(easy(), CURLOPT_POSTFIELDSIZE_LARGE,
                          static_cast<curl_off_t>(request.body.size())) &&
            set_on_stream(easy(), CURLOPT_POSTFIELDS, request.body.data());
  }
  return ready && set_on_stream(easy(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

bool CurlStream::prepare() {
  return easy_ != nullptr && prepare_connection() && prepare_callbacks() && prepare_request();
}

Result<HttpResponse> CurlStream::end(int code) {
  if (code != CURLE_OK) return fail(explain(code));
  if (!begin()) return fail(*refusal_);
  return std::move(response_);
}

Error CurlStream::explain(int result) const {
  if (refusal_) return *refusal_;
  if (!refused_.empty() && result == CURLE_COULDNT_CONNECT) {
    return {Code::permission_denied,
            action() + ": it is at " + refused_ + ", which is not allowed"};
  }
  if (result == CURLE_OPERATION_TIMEDOUT && may_have_sent(easy(), setup_.exchange.request.url)) {
    return {Code::deadline_exceeded, action() + ": it goes on too slowly"};
  }
  const Code code = code_of_transfer(result, may_have_sent(easy(), setup_.exchange.request.url));
  // What libcurl says of a URL might quote it.
  const char* said = code == Code::invalid_argument ? "" : text_.data();
  return {code, action() + ": " + words_of_transfer(easy(), result, said)};
}

}  // namespace waybill
