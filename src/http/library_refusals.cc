#include "http/library_refusals.h"

#include <dlfcn.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "base/check.h"
#include "base/log.h"

namespace waybill::http {
namespace {

using QueueResponse = MHD_Result (*)(MHD_Connection*, unsigned, MHD_Response*);

thread_local LibraryRefusals* refusals_of_this_thread = nullptr;

/// Of what the client has sent.
constexpr std::size_t kReadAwayAtOnce = 16u << 10;
constexpr int kReadAwayTimes = 64;

QueueResponse of_library() {
  static const auto found =
      reinterpret_cast<QueueResponse>(::dlsym(RTLD_NEXT, "MHD_queue_response"));
  WAYBILL_CHECK(found != nullptr, "libmicrohttpd is a shared library, behind this program");
  return found;
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

void take_over_on_this_thread(LibraryRefusals& refusals) { refusals_of_this_thread = &refusals; }

MHD_Result queue_response(MHD_Connection* connection, unsigned status, MHD_Response* response) {
  return of_library()(connection, status, response);
}

void send_past_library(MHD_Connection& connection, const Response& response, Time now) {
  const auto* const socket_info =
      MHD_get_connection_info(&connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (socket_info == nullptr) return;
  const int socket = socket_info->connect_fd;
  const std::string text = wire_text(response, now);
  // A connection that was just read from has room for so little; if not, its client sees the end.
  const auto* const tls = MHD_get_connection_info(&connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  if (tls != nullptr && tls->tls_session != nullptr) {
    auto* const session = static_cast<gnutls_session_t>(tls->tls_session);
    (void)gnutls_record_send(session, text.data(), text.size());
    (void)gnutls_bye(session, GNUTLS_SHUT_WR);
  } else {
    (void)::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  ::shutdown(socket, SHUT_WR);
}

void read_away(int socket) {
  std::array<char, kReadAwayAtOnce> away;  // NOLINT: filled below
  for (int times = kReadAwayTimes; times > 0; --times) {
    if (::recv(socket, away.data(), away.size(), MSG_DONTWAIT) <= 0) break;
  }
}

void log_library(void* /*ignored*/, const char* format, va_list arguments) {
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string_view line(text.data());
  while (line.ends_with('\n')) line.remove_suffix(1);
  log::debug("http_library", line);
}

}  // namespace waybill::http

/// In place of the library's own, which queue_response() is: called by the library alone.
extern "C" MHD_Result MHD_queue_response(MHD_Connection* connection, unsigned int status_code,
                                         MHD_Response* response) {
  auto* const refusals = waybill::http::refusals_of_this_thread;
  if (refusals == nullptr) {
    return waybill::http::queue_response(connection, status_code, response);
  }
  refusals->refused(*connection, static_cast<int>(status_code));
  return MHD_NO;
}
