#include "adapters/curl/exchange.h"

#include <curl/curl.h>

#include <algorithm>

#include "base/ascii.h"

namespace waybill::curl {
namespace {

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// "GET https://host:port": all of a request that an error may name.
std::string describe(const HttpRequest& request) {
  const std::size_t scheme = request.url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t end = std::min(request.url.find_first_of("/?#", host), request.url.size());
  const std::size_t at = request.url.rfind('@', end);  // no user, no password
  const bool has_user = at != std::string::npos && at >= host && at < end;
  return request.method + " " + request.url.substr(0, host) +
         request.url.substr(has_user ? at + 1 : host, end - (has_user ? at + 1 : host));
}

template <class Value>
void set(void* easy, CURLoption option, Value value) {
  // What fails here is a libcurl that was built without the option; the transfer tells then.
  (void)curl_easy_setopt(easy, option, value);
}

static_assert(CURL_ERROR_SIZE == 256);

}  // namespace

void Exchange::FreeList::operator()(curl_slist* list) const { curl_slist_free_all(list); }

Exchange::Exchange(void* easy, const HttpRequest& request, const CurlOptions& options)
    : easy_(easy), what_(describe(request)), body_bytes_max_(options.body_bytes_max) {
  set(easy, CURLOPT_URL, request.url.c_str());
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_ERRORBUFFER, static_cast<char*>(error_));
  set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.certificates.empty()) set(easy, CURLOPT_CAINFO, options.certificates.c_str());
  const auto connect =
      std::chrono::ceil<std::chrono::milliseconds>(options.connect_time_max).count();
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect));
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_HEADERFUNCTION, &Exchange::take_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &Exchange::take_body);
  set(easy, CURLOPT_WRITEDATA, this);
  set_body(request);
  set_headers(request);
}

void Exchange::set_body(const HttpRequest& request) {
  if (request.method == "HEAD") return set(easy_, CURLOPT_NOBODY, 1L);
  if (request.method == "GET" && request.body.empty()) return set(easy_, CURLOPT_HTTPGET, 1L);
  set(easy_, CURLOPT_POST, 1L);
  set(easy_, CURLOPT_POSTFIELDS, request.body.data());
  set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  set(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Exchange::set_headers(const HttpRequest& request) {
  curl_slist* list = nullptr;
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || same_name(name, "content-type");
    // A header without a value is written with a semicolon, or libcurl would leave it out.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    list = curl_slist_append(list, line.c_str());
  }
  // What libcurl would add by itself.
  if (!has_type) list = curl_slist_append(list, "Content-Type:");
  list = curl_slist_append(list, "Expect:");
  headers_.reset(list);
  set(easy_, CURLOPT_HTTPHEADER, list);
}

std::size_t Exchange::take_header(char* data, std::size_t size, std::size_t count, void* self) {
  HttpResponse& response = static_cast<Exchange*>(self)->response_;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    response.headers.clear();  // those of a 100 (continue) before it
  } else if (const auto colon = line.find(':'); colon != line.npos) {
    std::string name(trimmed(line.substr(0, colon)));
    std::ranges::transform(name, name.begin(), to_lower);
    response.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t Exchange::take_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (size * count > exchange.body_bytes_max_ - exchange.response_.body.size()) {
    exchange.too_big_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  exchange.response_.body.append(data, size * count);
  return size * count;
}

bool Exchange::anything_sent() const {
  long bytes = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0;
}

Status Exchange::given_up(Code code) const {
  const std::string why = code == Code::cancelled ? "it was asked to stop" : "time was up";
  return fail(code, what_ + ": " + why + (anything_sent() ? " before the answer came" : ""));
}

Status Exchange::judge(int code) const {
  const std::string why =
      error_[0] != '\0' ? error_ : curl_easy_strerror(static_cast<CURLcode>(code));
  switch (code) {
    case CURLE_OK:
      return {};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fail(Code::invalid_argument, what_ + ": this is no http or https URL");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return fail(Code::failed_precondition,
                  what_ + ": the server's certificate is refused: " + why);
    case CURLE_WRITE_ERROR:
      if (!too_big_) break;
      return fail(Code::resource_exhausted,
                  what_ + ": the answer is over " + std::to_string(body_bytes_max_) + " bytes");
    default:
      break;
  }
  return fail(anything_sent() ? Code::aborted : Code::unavailable, what_ + ": " + why);
}

HttpResponse Exchange::take_response() {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

}  // namespace waybill::curl
