#include "adapters/amqp/connection.h"

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include "adapters/amqp/dial.h"
#include "adapters/amqp/hosts.h"
#include "adapters/amqp/reply.h"
#include "base/log.h"

namespace waybill::amqp {
namespace {

constexpr auto kDebianCertificates = "/etc/ssl/certs/ca-certificates.crt";
constexpr int kFrameBytesMax = 131072;
/// What each of several hosts has to answer within.
constexpr Duration kHostTimeMax = std::chrono::seconds(3);

/// Whether another host may do better.
bool is_of_one_host(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::deadline_exceeded;
}

/// A parsed URL, with the text that it points into.
struct Parsed {
  std::vector<char> text;
  amqp_connection_info info{};
};

Result<Parsed> parse(const std::string& url) {
  Parsed parsed;
  parsed.text.assign(url.c_str(), url.c_str() + url.size() + 1);
  amqp_default_connection_info(&parsed.info);
  if (amqp_parse_url(parsed.text.data(), &parsed.info) != AMQP_STATUS_OK) {
    return fail(Code::invalid_argument,
                "not an AMQP URL; expected amqp://user:password@host:port/vhost");
  }
  return parsed;
}

/// The library takes no host for localhost, which nobody means among others.
bool leads_nowhere(const std::string& url) {
  const std::size_t place = url.find("://") + 3;
  const std::size_t at = url.find('@', place);
  const std::size_t host = at < url.find('/', place) ? at + 1 : place;
  return host >= url.size() || url[host] == '/' || url[host] == ':';
}

std::string describe(const amqp_connection_info& info) {
  return std::string(info.host) + ":" + std::to_string(info.port) + "/" + info.vhost;
}

timeval to_timeval(Duration duration) {
  return {.tv_sec = duration.count() / 1'000'000, .tv_usec = duration.count() % 1'000'000};
}

/// Finds within a minute that nobody is there.
void keep_alive(int socket) {
  const auto set = [&](int level, int name, int value) {
    ::setsockopt(socket, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

amqp_socket_t* new_socket(amqp_connection_state_t state, const ConnectionParams& params,
                          bool encrypted) {
  if (!encrypted) return amqp_tcp_socket_new(state);
  amqp_socket_t* socket = amqp_ssl_socket_new(state);
  if (socket == nullptr) return nullptr;
  const char* trusted = params.ca_file.empty() ? kDebianCertificates : params.ca_file.c_str();
  amqp_ssl_socket_set_verify_peer(socket, 1);
  amqp_ssl_socket_set_verify_hostname(socket, 1);
  return amqp_ssl_socket_set_cacert(socket, trusted) == AMQP_STATUS_OK ? socket : nullptr;
}

/// A broker that refuses a user closes the connection, some with a reason and some without.
Error refused_login(Error error, const std::string& where) {
  if (error.code == Code::permission_denied) error.code = Code::unauthenticated;
  return with_context(std::move(error), "logging in to " + where);
}

}  // namespace

Result<std::string> place_of(const std::string& url) {
  std::string places;
  const std::vector<std::string> urls = urls_of(url);
  for (const std::string& one : urls) {
    const auto parsed = parse(one);
    if (!parsed) return fail(parsed.error());
    if (urls.size() > 1 && leads_nowhere(one)) {
      return fail(Code::invalid_argument,
                  "the AMQP URL names several hosts, and one of them is empty; take a comma away");
    }
    places += (places.empty() ? "" : ", ") + describe(parsed->info);
  }
  return places;
}

Connection::Connection(std::string place)
    : state_(amqp_new_connection()), place_(std::move(place)) {}

Connection::~Connection() {
  cut_.reset();
  amqp_destroy_connection(state_);
}

int Connection::socket() const { return amqp_get_sockfd(state_); }

Status Connection::reply(const std::string& action) const {
  return status_of(amqp_get_rpc_reply(state_), action);
}

Status Connection::beat() {
  const amqp_frame_t heartbeat{.frame_type = AMQP_FRAME_HEARTBEAT, .channel = 0, .payload = {}};
  const int sent = amqp_send_frame(state_, &heartbeat);
  if (sent == AMQP_STATUS_OK) return {};
  return fail(library_error(sent, "a heartbeat to " + place_));
}

Status Connection::ask() {
  // For consumers of this channel from now on: there are none.
  amqp_basic_qos(state_, kChannel, 0, 0, 0);
  return reply("asking the AMQP broker at " + place_);
}

Duration Connection::heartbeat() const { return std::chrono::seconds(amqp_get_heartbeat(state_)); }

std::string Connection::server_version() const {
  const amqp_table_t* said = amqp_get_server_properties(state_);
  for (int i = 0; said != nullptr && i < said->num_entries; ++i) {
    const amqp_table_entry_t& entry = said->entries[i];
    if (text_of(entry.key) != "version" || entry.value.kind != AMQP_FIELD_KIND_UTF8) continue;
    return std::string(text_of(entry.value.value.bytes));
  }
  return "";
}

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionParams& params) {
  const std::vector<std::string> urls = urls_of(params.url);
  ConnectionParams each = params;
  if (urls.size() > 1) each.handshake_time_max = std::min(params.handshake_time_max, kHostTimeMax);
  Result<std::unique_ptr<Connection>> opened = fail(Code::internal, "no host");
  for (const std::string& url : urls) {
    opened = open_at(url, each);
    // What one refuses, as a password, the others of a cluster would too.
    if (opened || !is_of_one_host(opened.error())) break;
    if (&url != &urls.back()) log::debug("amqp_host_away", opened.error().message);
  }
  return opened;
}

Result<std::unique_ptr<Connection>> Connection::open_at(const std::string& url,
                                                        const ConnectionParams& params) {
  const auto parsed = parse(url);
  if (!parsed) return fail(parsed.error());
  const amqp_connection_info& info = parsed->info;
  if (params.stop.stop_requested()) return fail(Code::cancelled, "asked to stop");
  std::unique_ptr<Connection> connection(new Connection(describe(info)));
  amqp_connection_state_t state = connection->state_;
  const std::string where = "the AMQP broker at " + connection->place_;

  amqp_socket_t* socket = new_socket(state, params, info.ssl != 0);
  if (socket == nullptr) {
    return fail(Code::failed_precondition,
                "the certificates to trust for " + where + " can't be read");
  }
  const DialParams there{.host = info.host,
                         .port = info.port,
                         .time_max = params.handshake_time_max,
                         .stop = params.stop};
  if (const Status dialed = info.ssl != 0 ? dial_encrypted(socket, there) : dial(socket, there);
      !dialed) {
    return fail(with_context(dialed.error(), "connecting to " + where));
  }
  const timeval handshake = to_timeval(params.handshake_time_max);
  keep_alive(connection->socket());
  // The library waits in calls that nobody can end but the other side: so it is told that this one
  // has hung up.
  connection->socket_ = FileDescriptor(::fcntl(connection->socket(), F_DUPFD_CLOEXEC, 0));
  if (!connection->socket_.is_open()) return fail(system_error(errno, "duplicating a socket"));
  connection->cut_.emplace(params.stop,
                           [own = connection->socket_.get()] { ::shutdown(own, SHUT_RDWR); });
  const timeval call = to_timeval(params.call_time_max);
  amqp_set_handshake_timeout(state, &handshake);
  amqp_set_rpc_timeout(state, &call);
  const auto heartbeat = std::chrono::ceil<std::chrono::seconds>(params.heartbeat).count();
  const Status login =
      status_of(amqp_login(state, info.vhost, 0, kFrameBytesMax, static_cast<int>(heartbeat),
                           AMQP_SASL_METHOD_PLAIN, info.user, info.password),
                "login");
  if (!login) return fail(refused_login(login.error(), where));
  amqp_channel_open(state, kChannel);
  if (const Status opened = connection->reply("opening a channel to " + where); !opened) {
    return fail(opened.error());
  }
  return connection;
}

}  // namespace waybill::amqp
