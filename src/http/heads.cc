#include "http/heads.h"

#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include <algorithm>
#include <ctime>

#include "base/ascii.h"
#include "http/connections.h"

namespace waybill::http {
namespace {

/// A number that the library takes for none, or for one that is too large.
bool is_bad_length(std::string_view length) {
  constexpr std::size_t kDigitsMax = 19;  // those of any are less than 2^64
  return length.empty() || length.size() > kDigitsMax ||
         !std::all_of(length.begin(), length.end(), is_digit);
}

/// RFC 9110, 5.6.7.
std::string http_date(Time now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
}

std::string wire_text(const Response& response, Time now) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " " +
                     MHD_get_reason_phrase_for(static_cast<unsigned>(response.status)) +
                     "\r\nDate: " + http_date(now) + "\r\nContent-Type: " + response.content_type +
                     "\r\n";
  for (const auto& [name, value] : response.headers) text += name + ": " + value + "\r\n";
  return text + "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" +
         response.body;
}

}  // namespace

void Heads::remove(const Exchange& exchange) {
  const auto found = std::ranges::find(coming_, &exchange);
  if (found == coming_.end()) return;
  *found = coming_.back();
  coming_.pop_back();
}

int Heads::refusal_in_log(std::string_view format) {
  if (format.starts_with("Failed to parse `Content-Length' header")) return 400;
  return format.starts_with("Too large value of 'Content-Length' header") ? 413 : 0;
}

Exchange* Heads::with_bad_length() const {
  for (Exchange* const exchange : coming_) {
    MHD_Connection* const connection = exchange->connection;
    // There as soon as all headers have come.
    if (MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) == nullptr) {
      continue;
    }
    const char* const length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != nullptr && is_bad_length(length)) return exchange;
  }
  return nullptr;
}

void send_at_once(Exchange& exchange, Time now) {
  const std::string text = wire_text(*exchange.response, now);
  const int socket = exchange.client->socket();
  // A connection that was just read from has room for so little; if not, its client sees the end.
  const auto* const tls =
      MHD_get_connection_info(exchange.connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  if (tls != nullptr && tls->tls_session != nullptr) {
    auto* const session = static_cast<gnutls_session_t>(tls->tls_session);
    (void)gnutls_record_send(session, text.data(), text.size());
    (void)gnutls_bye(session, GNUTLS_SHUT_WR);
  } else {
    (void)::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  ::shutdown(socket, SHUT_WR);
}

}  // namespace waybill::http
