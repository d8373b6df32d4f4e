#include "adapters/curl/transfer_error.h"

#include <curl/curl.h>

#include <algorithm>
#include <iterator>

#include "base/ascii.h"

namespace waybill {

bool has_scheme(std::string_view url, std::string_view scheme) {
  return to_lower(url.substr(0, scheme.size())) == scheme;
}

Code code_of_transfer(int result, bool sent) {
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

namespace {

/// Whether nobody whom we trust vouches for the server, about which who asks could do something.
bool is_untrusted(void* easy) {
  constexpr long kIssuerUnknown[] = {2, 18, 19, 20, 21};  // X509_V_ERR_… of openssl/x509_vfy.h
  long verdict = 0;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
  return std::ranges::find(kIssuerUnknown, verdict) != std::end(kIssuerUnknown);
}

}  // namespace

std::string words_of_transfer(void* easy, int result, const char* said) {
  std::string text = *said == '\0' ? curl_easy_strerror(static_cast<CURLcode>(result)) : said;
  // Not of "CONNECT" and "URL".
  if (text.size() > 1 && to_lower(text[1]) == text[1]) text.front() = to_lower(text.front());
  if (result == CURLE_PEER_FAILED_VERIFICATION && is_untrusted(easy)) {
    text +=
        "; if this server is to be trusted, name a file with its authority's certificate (PEM) "
        "in the variable SSL_CERT_FILE";
  }
  return text;
}

bool may_have_sent(void* easy, std::string_view url) {
  long request_bytes = 0;
  long new_connections = 0;
  curl_off_t tls_after = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
  curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls_after);
  const bool no_tls_yet = has_scheme(url, "https://") && new_connections > 0 && tls_after == 0;
  return request_bytes > 0 && !no_tls_yet;
}

}  // namespace waybill
