#include "http/server.h"

#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>

#include "base/mutex.h"
#include "core/listen_address.h"
#include "http/connections.h"
#include "http/exchange.h"
#include "http/handler_pool.h"
#include "http/library_refusals.h"
#include "http/sockets.h"
#include "http/tls_files.h"
#include "http/waiting_room.h"
#include "ports/bell.h"

namespace waybill::http {

struct Server::Parts final : LibraryRefusals {
  Parts(const ServerParams& with, Application& serves, Clock& tells)
      : params(with),
        application(serves),
        clock(tells),
        connections(tells, with.request_max),
        pool(with.handler_threads, with.waiting_max),
        room(tells, [this](WaitingRoom::Job job) { pool.submit_again(std::move(job)); }) {}
  ~Parts() override;

  Status listen();
  MHD_Result take(Exchange& exchange, const char* method, const char* data, std::size_t* size);
  MHD_Result begin(Exchange& exchange, const char* method);
  MHD_Result take_body(Exchange& exchange, std::string_view data);
  MHD_Result hand_over(Exchange& exchange);
  void handle(Exchange& exchange);
  void handle_again(Exchange& exchange);
  void give(Exchange& exchange, Response response);
  ServerCounts counts();
  MHD_Result answer(Exchange& exchange);
  MHD_Result refuse(Exchange& exchange, int status, std::string_view why);
  void refused(MHD_Connection& connection, int status) override;
  void completed(Exchange& exchange);
  void end_streams();

  const ServerParams params;
  Application& application;
  Clock& clock;
  Connections connections;
  std::atomic<std::uint64_t> refusals = 0;
  std::atomic<bool> draining = false;
  std::atomic<std::size_t> open = 0;         // exchanges
  std::atomic<std::size_t> body_bytes = 0;   // of all exchanges that are open
  Bell one_less;                             // exchange
  MHD_socket listener = MHD_INVALID_SOCKET;  // once it takes no new connections
  Mutex mutex;
  bool stopping GUARDED_BY(mutex) = false;
  std::set<std::shared_ptr<BodyStream>> streams GUARDED_BY(mutex);  // those being sent
  HandlerPool pool;
  WaitingRoom room;
  std::uint16_t port = 0;
  std::atomic<MHD_Daemon*> daemon = nullptr;  // its thread may ask for it before it is known here
};

namespace {

/// RFC 9325, 3.1.1: nothing older than TLS 1.2.
constexpr const char* kTlsPriorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/// Connections come and go.
void note_connection(void* parts, MHD_Connection* connection, void** context,
                     MHD_ConnectionNotificationCode what) {
  auto& server = *static_cast<Server::Parts*>(parts);
  if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
    return server.connections.closed(*static_cast<Connection*>(*context));
  }
  take_over_on_this_thread(server);
  *context = &server.connections.opened(
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
  if (server.params.tls == nullptr) return;
  attach_tls_files(
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session,
      *server.params.tls);
}

void* begin_exchange(void* parts, const char* target, MHD_Connection* connection) {
  auto exchange = std::make_unique<Exchange>();
  exchange->client = static_cast<Connection*>(
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
  exchange->client->begin(*exchange);
  begin_head(*exchange, target, connection);
  static_cast<Server::Parts*>(parts)->open.fetch_add(1);
  return exchange.release();  // the library keeps it until completed_exchange
}

MHD_Result take_exchange(void* parts, MHD_Connection*, const char*, const char* method,
                         const char* version, const char* data, std::size_t* size, void** context) {
  auto& exchange = *static_cast<Exchange*>(*context);
  if (!exchange.begun) note_line(exchange, method, version);
  return static_cast<Server::Parts*>(parts)->take(exchange, method, data, size);
}

void completed_exchange(void* parts, MHD_Connection*, void** exchange, MHD_RequestTerminationCode) {
  const std::unique_ptr<Exchange> owned(static_cast<Exchange*>(*exchange));
  *exchange = nullptr;
  if (owned) static_cast<Server::Parts*>(parts)->completed(*owned);
}

/// Of each connection, for as long as it is open; an open stream touches more than half of it. The
/// headers have to find room besides what the library notes of each one, some 60 bytes, and then
/// those of the answer.
constexpr std::size_t library_memory(std::size_t header_bytes_max) {
  return header_bytes_max + header_bytes_max / 2;
}
/// A strict library answers a request without Host twice, and one with a space in its target not at
/// all; parse_target and header_fault refuse both.
constexpr int kStrictness = 0;

}  // namespace

Status Server::Parts::listen() {
  auto address = parse_address(params.address, params.port);
  if (!address) return fail(address.error());
  unsigned flags =
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  if (address->is_v6) flags |= MHD_USE_IPv6;
  std::array<MHD_OptionItem, 3> tls = {{{MHD_OPTION_END, 0, nullptr}}};
  if (params.tls != nullptr) {
    flags |= MHD_USE_TLS;
    tls = {{{MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, tls_files_callback()},
            {MHD_OPTION_HTTPS_PRIORITIES, 0, const_cast<char*>(kTlsPriorities)},
            {MHD_OPTION_END, 0, nullptr}}};
  }
  errno = 0;
  daemon = MHD_start_daemon(
      flags, params.port, nullptr, nullptr, &take_exchange, this, MHD_OPTION_EXTERNAL_LOGGER,
      &log_library, this, MHD_OPTION_SOCK_ADDR, reinterpret_cast<sockaddr*>(&address->bytes),
      MHD_OPTION_NOTIFY_CONNECTION, &note_connection, this, MHD_OPTION_URI_LOG_CALLBACK,
      &begin_exchange, this, MHD_OPTION_NOTIFY_COMPLETED, &completed_exchange, this,
      MHD_OPTION_CONNECTION_LIMIT, params.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      library_memory(params.header_bytes_max), MHD_OPTION_CONNECTION_TIMEOUT,
      static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(params.idle_max).count()),
      MHD_OPTION_STRICT_FOR_CLIENT, kStrictness, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u,
      MHD_OPTION_ARRAY, tls.data(), MHD_OPTION_END);
  if (daemon == nullptr) return listen_error(errno, params.address, params.port);
  port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
  return {};
}

Server::Parts::~Parts() {
  draining = true;
  {
    const Lock lock(mutex);
    stopping = true;
  }
  room.open();
  end_streams();
  if (daemon == nullptr) return;
  // Nothing may be suspended when the library ends.
  pool.wait_until_idle();
  end_streams();
  MHD_stop_daemon(daemon);
  if (listener != MHD_INVALID_SOCKET) ::close(listener);
}

MHD_Result Server::Parts::take(Exchange& exchange, const char* method, const char* data,
                               std::size_t* size) {
  if (!exchange.begun) return begin(exchange, method);
  if (*size > 0) {
    const std::string_view came(data, *size);
    *size = 0;
    return take_body(exchange, came);
  }
  if (exchange.response) return answer(exchange);
  if (exchange.is_refused) return end_refused(exchange);
  return hand_over(exchange);
}

MHD_Result Server::Parts::begin(Exchange& exchange, const char* method) {
  int status = 0;
  exchange.request.over_tls = params.tls != nullptr;
  const RequestLimits limits{.target_bytes_max = params.header_bytes_max / 2,
                             .header_bytes_max = params.header_bytes_max,
                             .body_bytes_max = params.body_bytes_max};
  const std::string why = begin_request(exchange, method, limits, status);
  return why.empty() ? MHD_YES : refuse(exchange, status, why);
}

MHD_Result Server::Parts::take_body(Exchange& exchange, std::string_view data) {
  if (exchange.is_refused) {
    exchange.bytes_thrown += data.size();
    // Somebody who sends for ever is not waited for.
    return draining || exchange.bytes_thrown > params.thrown_bytes_max ? MHD_NO : MHD_YES;
  }
  std::string& body = exchange.request.body;
  exchange.body_bytes += data.size();
  const std::size_t in_all = body_bytes.fetch_add(data.size()) + data.size();
  if (in_all > params.body_bytes_in_all) {
    return refuse(exchange, 503, "too many bodies are on their way");
  }
  if (body.size() + data.size() > params.body_bytes_max) {
    return refuse(exchange, 413, too_large(params.body_bytes_max));
  }
  exchange.client->note_body(data.size());
  body.append(data);
  return MHD_YES;
}

MHD_Result Server::Parts::hand_over(Exchange& exchange) {
  exchange.request.came_at = clock.steady_now();
  exchange.request.draining = draining;
  exchange.client->end_wait();
  Response response;
  if (application.answer_at_once(
          exchange.request, [this] { return counts(); }, response)) {
    exchange.response = std::move(response);
    return answer(exchange);
  }
  bool suspended = false;
  {
    // Once it stops nothing may be suspended any more: the library cannot end then.
    const Lock lock(mutex);
    if (!stopping) {
      // First of all: the handler may be done before this returns.
      MHD_suspend_connection(exchange.connection);
      suspended = true;
      if (pool.submit([this, &exchange] { handle(exchange); })) return MHD_YES;
    }
  }
  refusals.fetch_add(1);
  exchange.response =
      application.refusal(exchange.request, 503, "more requests wait than this server takes");
  if (!suspended) return answer(exchange);
  // A connection that is suspended takes no answer: it is asked for when that one goes on.
  MHD_resume_connection(exchange.connection);
  return MHD_YES;
}

void Server::Parts::handle(Exchange& exchange) {
  const std::uint64_t seen = room.moment();
  exchange.request.draining = draining;
  Reply reply = application.handle(exchange.request);
  const auto* later = std::get_if<Later>(&reply);
  if (later != nullptr && exchange.request.draining) {
    reply = application.refusal(exchange.request, 503, "the server is about to end");
    later = nullptr;
  }
  if (later != nullptr) {
    return room.wait(*later, seen, [this, &exchange] { handle_again(exchange); });
  }
  give(exchange, std::move(std::get<Response>(reply)));
}

/// The library does not see that a client is gone while it waits; what it waited for is not for it.
void Server::Parts::handle_again(Exchange& exchange) {
  exchange.request.counted = true;
  if (!has_gone(exchange.client->socket())) return handle(exchange);
  give(exchange, application.refusal(exchange.request, 503, "the client is gone"));
}

void Server::Parts::give(Exchange& exchange, Response response) {
  if (!response.stream) compress(exchange.request, response);
  exchange.response = std::move(response);
  if (exchange.response->stream) {
    const Lock lock(mutex);
    streams.insert(exchange.response->stream);
    if (draining) exchange.response->stream->end();
  }
  // From here on the exchange is the other thread's.
  MHD_resume_connection(exchange.connection);
}

MHD_Result Server::Parts::answer(Exchange& exchange) {
  Pairs& headers = exchange.response->headers;
  if (draining || ends_connection(exchange)) headers.emplace_back("Connection", "close");
  // RFC 6797; not for this machine's own names, which other servers have too.
  if (params.tls != nullptr && !is_loopback_host(params.address)) {
    headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  }
  MHD_Response* const response = make_response(exchange);
  if (response == nullptr) return MHD_NO;
  const MHD_Result queued = queue_response(
      exchange.connection, static_cast<unsigned>(exchange.response->status), response);
  MHD_destroy_response(response);
  return queued;
}

MHD_Result Server::Parts::refuse(Exchange& exchange, int status, std::string_view why) {
  refusals.fetch_add(1);
  Response response = application.refusal(exchange.request, status, why);
  response.headers.emplace_back("Connection", "close");
  if (!is_body_coming(exchange)) {
    exchange.client->end_wait();
    exchange.response = std::move(response);
    return answer(exchange);
  }
  // Whoever sends all of it first is to find the answer: it is read on, up to a bound.
  send_past_library(*exchange.connection, response, clock.now());
  exchange.client->end_at(draining ? SteadyTime{} : clock.steady_now() + params.linger_max);
  body_bytes.fetch_sub(throw_body_away(exchange));
  return MHD_YES;
}

void Server::Parts::refused(MHD_Connection& connection, int status) {
  const auto& client = *static_cast<Connection*>(
      MHD_get_connection_info(&connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
  const Exchange* const exchange = client.exchange();
  if (exchange != nullptr && exchange->is_refused) return;
  refusals.fetch_add(1);
  // Its answer has begun to be sent: nothing more can be said.
  if (exchange != nullptr && exchange->response) return;
  const Request nothing;
  const Request& request = exchange == nullptr ? nothing : exchange->request;
  Response response = application.refusal(request, refusal_status(status),
                                          why_unreadable(connection, exchange, status));
  response.headers.emplace_back("Connection", "close");
  send_past_library(connection, response, clock.now());
  read_away(client.socket());
}

void Server::Parts::completed(Exchange& exchange) {
  exchange.client->end();
  body_bytes.fetch_sub(exchange.body_bytes);
  exchange.client->begin_to_wait(clock.steady_now());
  // A client may have gone before its stream was begun to be sent.
  const auto stream = exchange.response ? exchange.response->stream : nullptr;
  if (stream) {
    stream->close();
    const Lock lock(mutex);
    streams.erase(stream);
  }
  open.fetch_sub(1);
  one_less.ring();
}

void Server::Parts::end_streams() {
  const Lock lock(mutex);
  for (const auto& stream : streams) stream->end();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::create(const ServerParams& params, Application& application,
                                               Clock& clock) {
  auto parts = std::make_unique<Parts>(params, application, clock);
  if (Status listening = parts->listen(); !listening) return fail(listening.error());
  return std::make_unique<Server>(std::move(parts));
}

std::uint16_t Server::port() const { return parts_->port; }

void Server::ring(const std::string& topic) { parts_->room.ring(topic); }
bool Server::pass_over() { return parts_->room.pass_over(); }

ServerCounts Server::Parts::counts() {
  MHD_Daemon* const running = daemon;
  const auto* info = running == nullptr
                         ? nullptr
                         : MHD_get_daemon_info(running, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  ServerCounts counts{
      .connections = info == nullptr ? 0u : info->num_connections,
      .streams = 0,
      .running = pool.running(),
      .waiting = pool.waiting(),
      .parked = room.size(),
      .refused = refusals,
      .certificate_until = params.tls == nullptr ? Time{} : params.tls->valid_until()};
  const Lock lock(mutex);
  counts.streams = streams.size();
  return counts;
}

Service& Server::connections() { return parts_->connections; }

ServerCounts Server::counts() const { return parts_->counts(); }

void Server::drain(const Deadline& deadline) {
  // The library may use it until it has stopped.
  parts_->listener = MHD_quiesce_daemon(parts_->daemon);
  if (parts_->listener != MHD_INVALID_SOCKET) ::shutdown(parts_->listener, SHUT_RDWR);
  parts_->draining = true;
  parts_->room.open();
  parts_->end_streams();
  parts_->connections.end_those_refused();
  for (;;) {
    const std::uint64_t seen = parts_->one_less.rung();
    if (parts_->open == 0) return;
    if (parts_->one_less.wait(seen, deadline, parts_->clock) == Bell::Woken::in_vain) return;
  }
}

}  // namespace waybill::http
