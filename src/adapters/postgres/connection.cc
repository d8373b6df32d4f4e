#include "adapters/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <stop_token>

#include "adapters/postgres/connect_error.h"
#include "adapters/postgres/hosts.h"
#include "adapters/postgres/postgres_error.h"

namespace waybill::postgres {
namespace {

constexpr int kBinary = 1;

/// What libpq says, without its line ends and without the name of its routine.
std::string one_line(std::string_view message) {
  while (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  std::string line(message);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

/// What each of several hosts has to answer within, where the conninfo does not say.
constexpr Duration kHostTimeMax = std::chrono::seconds(3);

/// What a server has to answer within once the program has to end.
constexpr Duration kHurriedTimeMax = std::chrono::seconds(2);

/// Whether another host may do better.
bool is_of_one_host(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::deadline_exceeded;
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }
const char* text_of(Sql sql) { return statements()[static_cast<std::size_t>(sql)].text; }

/// What every connection is opened with, unless the conninfo says otherwise.
struct Option {
  const char* name;
  const char* value;
};
constexpr Option kOptions[] = {
    {"fallback_application_name", "waybill"},
    {"client_encoding", "UTF8"},
    {"keepalives_idle", "15"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
};

/// Makes a file descriptor readable when the token's stop is asked for.
struct Waker {
  int fd;
  void operator()() const {
    const std::uint64_t one = 1;
    // It can only fail when it is readable already.
    [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
  }
};

}  // namespace

std::string shown_conninfo(const std::string& conninfo) {
  PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), nullptr);
  if (options == nullptr) return "PostgreSQL";
  std::string host;
  std::string port;
  std::string database;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "host" || (keyword == "hostaddr" && host.empty())) host = option->val;
    if (keyword == "port") port = option->val;
    if (keyword == "dbname") database = option->val;
  }
  PQconninfoFree(options);
  return "PostgreSQL database " + (database.empty() ? "of the user's name" : database) + " at " +
         (host.empty() ? "this machine" : host) + (port.empty() ? "" : ":" + port);
}

Connection::Connection(pg_conn* connection, const ConnectParams& params, const Clock& clock)
    : connection_(connection),
      call_time_max_(params.call_time_max),
      hurry_(params.hurry),
      clock_(clock),
      place_(shown_conninfo(params.conninfo)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Connection::~Connection() { PQfinish(connection_); }

Result<std::unique_ptr<Connection>> Connection::open(const ConnectParams& params,
                                                     const Clock& clock, const Deadline& deadline) {
  const auto hosts = hosts_of(params.conninfo);
  if (!hosts) return fail(hosts.error());
  const bool several = hosts->all.size() > 1;
  Duration each = params.connect_time_max;
  if (several) each = std::min(each, kHostTimeMax);
  if (hosts->connect_time_max > Duration(0)) {
    each = std::min(params.connect_time_max, hosts->connect_time_max);
  }
  Result<std::unique_ptr<Connection>> opened = fail(Code::internal, "no host");
  // libpq would wait for the first one as long as we do.
  for (const Host& host : hosts->all) {
    const Deadline patience{.at = std::min(deadline.at, clock.steady_now() + each),
                            .stop = deadline.stop};
    opened = open_at(host, several && hosts->asks_for_any_session, params, clock, patience);
    if (opened || !is_of_one_host(opened.error()) || clock.steady_now() >= deadline.at) break;
  }
  return opened;
}

Result<std::unique_ptr<Connection>> Connection::open_at(const Host& host, bool for_writing,
                                                        const ConnectParams& params,
                                                        const Clock& clock,
                                                        const Deadline& deadline) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const Option& option : kOptions) {
    names.push_back(option.name);
    values.push_back(option.value);
  }
  // What stands later wins: the conninfo is expanded from dbname.
  names.push_back("dbname");
  values.push_back(params.conninfo.c_str());
  const auto instead = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    names.push_back(name);
    values.push_back(value.c_str());
  };
  instead("host", host.host);
  instead("hostaddr", host.hostaddr);
  instead("port", host.port);
  const std::string writable = for_writing ? "read-write" : "";
  instead("target_session_attrs", writable);
  names.push_back(nullptr);
  values.push_back(nullptr);
  pg_conn* raw = PQconnectStartParams(names.data(), values.data(), 1);
  if (raw == nullptr) return fail(Code::resource_exhausted, "out of memory for a connection");
  std::unique_ptr<Connection> connection(new Connection(raw, params, clock));
  if (!connection->wake_.is_open()) return fail(system_error(errno, "making an eventfd"));
  if (Status connected = connection->connect(deadline); !connected) return fail(connected.error());
  return connection;
}

Status Connection::connect(const Deadline& deadline) {
  PostgresPollingStatusType polled = PGRES_POLLING_WRITING;
  while (PQstatus(connection_) != CONNECTION_BAD && polled != PGRES_POLLING_OK) {
    if (polled == PGRES_POLLING_FAILED) break;
    const Wish wish = polled == PGRES_POLLING_READING ? Wish::read : Wish::write;
    if (Status ready = wait_for(wish, deadline); !ready) {
      lost_ = true;
      return fail(with_context(ready.error(), "connecting to " + place_));
    }
    polled = PQconnectPoll(connection_);
  }
  if (polled != PGRES_POLLING_OK || PQstatus(connection_) != CONNECTION_OK) {
    lost_ = true;
    return fail(connect_error(place_, one_line(text_of(PQerrorMessage(connection_)))));
  }
  place_ = "PostgreSQL database " + text_of(PQdb(connection_)) + " at " +
           text_of(PQhost(connection_)) + ":" + text_of(PQport(connection_));
  if (PQsetnonblocking(connection_, 1) != 0) return lost("making the connection non-blocking");
  PQsetNoticeReceiver(
      connection_, [](void*, const PGresult*) {}, nullptr);
  return {};
}

Deadline Connection::bounded(const Deadline& deadline) const {
  return {.at = std::min(deadline.at, clock_.steady_now() + call_time_max_), .stop = deadline.stop};
}

Status Connection::wait_for(Wish wish, const Deadline& deadline) {
  std::optional<std::stop_callback<Waker>> waker;
  std::optional<std::stop_callback<Waker>> hurrier;
  if (deadline.stop.stop_possible()) waker.emplace(deadline.stop, Waker{wake_.get()});
  if (hurry_.stop_possible()) hurrier.emplace(hurry_, Waker{wake_.get()});
  SteadyTime until = deadline.at;
  bool hurries = false;
  const short events = wish == Wish::read    ? POLLIN
                       : wish == Wish::write ? POLLOUT
                                             : POLLIN | POLLOUT;
  for (;;) {
    if (deadline.stop_requested()) return fail(Code::cancelled, "a stop was asked for");
    if (!hurries && hurry_.stop_requested()) {
      hurries = true;
      until = std::min(until, clock_.steady_now() + kHurriedTimeMax);
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - clock_.steady_now()).count();
    if (left <= 0) return fail(Code::deadline_exceeded, "no answer in time");
    std::array<pollfd, 2> polled{pollfd{.fd = PQsocket(connection_), .events = events},
                                 pollfd{.fd = wake_.get(), .events = POLLIN}};
    const int milliseconds = static_cast<int>(std::min<std::int64_t>(left, 600'000));
    const int ready = ::poll(polled.data(), polled.size(), milliseconds);
    if (ready < 0 && errno != EINTR) return fail(system_error(errno, "waiting for " + place_));
    // A simulated clock may stand still: what really passed counts too.
    if (ready == 0) return fail(Code::deadline_exceeded, "no answer in time");
    if (ready > 0 && polled[0].revents != 0) return {};
    std::uint64_t count = 0;
    [[maybe_unused]] const auto drained = ::read(wake_.get(), &count, sizeof count);
  }
}

tl::unexpected<Error> Connection::lost(std::string_view doing) {
  lost_ = true;
  sqlstate_.clear();
  return fail(Code::unavailable, place_ + ": " + std::string(doing) + ": " +
                                     one_line(text_of(PQerrorMessage(connection_))) +
                                     "; try again");
}

tl::unexpected<Error> Connection::refused(const pg_result* result) {
  sqlstate_ = text_of(PQresultErrorField(result, PG_DIAG_SQLSTATE));
  if (PQstatus(connection_) == CONNECTION_BAD) lost_ = true;
  if (sqlstate_.empty()) return lost("a statement was cut off");
  if (is_on_standby()) {
    sqlstate_ = kStandby;
    lost_ = true;  // another server may be the primary by now
  }
  return fail(postgres_error(sqlstate_,
                             text_of(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)), place_));
}

bool Connection::is_on_standby() const {
  if (sqlstate_ == kStandby) return true;
  // What a standby says to `BEGIN READ WRITE`. Before version 14 it does not tell that it is one.
  const char* told = PQparameterStatus(connection_, "in_hot_standby");
  return sqlstate_ == "0A000" && (told == nullptr || std::string_view(told) == "on");
}

Status Connection::send(const Call& call) { return send(text_of(call.sql), call.params); }

Status Connection::send(const char* statement, const Params& params) {
  std::vector<const char*> values(params.size());
  std::vector<int> lengths(params.size());
  const std::vector<int> formats(params.size(), kBinary);
  for (std::size_t i = 0; i < params.size(); ++i) {
    values[i] = params.nulls_[i] ? nullptr : params.values_[i].data();
    lengths[i] = static_cast<int>(params.values_[i].size());
  }
  const int count = static_cast<int>(params.size());
  const int sent = PQsendQueryParams(connection_, statement, count, params.types_.data(),
                                     values.data(), lengths.data(), formats.data(), kBinary);
  if (sent == 1) return {};
  return lost("sending a statement");
}

Status Connection::flush(const Deadline& deadline) {
  for (;;) {
    const int left = PQflush(connection_);
    if (left == 0) return {};
    if (left < 0) return lost("sending a statement");
    if (Status ready = wait_for(Wish::both, deadline); !ready) return ready;
    // The server may wait for its answers to be read before it reads on.
    if (PQconsumeInput(connection_) == 0) return lost("waiting for an answer");
  }
}

Result<pg_result*> Connection::next_result(const Deadline& deadline) {
  while (PQisBusy(connection_) != 0) {
    if (Status ready = wait_for(Wish::read, deadline); !ready) return fail(ready.error());
    if (PQconsumeInput(connection_) == 0) return lost("waiting for an answer");
  }
  return PQgetResult(connection_);
}

Result<Rows> Connection::read_statement(const Deadline& deadline) {
  Rows rows;
  std::optional<Error> error;
  for (;;) {
    const auto result = next_result(deadline);
    if (!result) return fail(result.error());
    if (*result == nullptr) break;
    Rows these(*result);
    const ExecStatusType status = PQresultStatus(*result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      rows = std::move(these);
    } else if (!error) {
      error = refused(*result).value();
    }
  }
  forget_news();
  if (error) return fail(std::move(*error));
  if (PQstatus(connection_) == CONNECTION_BAD) return lost("waiting for an answer");
  return rows;
}

Result<Rows> Connection::run(Sql sql, const Params& params, const Deadline& deadline) {
  return run_text(text_of(sql), params, deadline);
}

Result<Rows> Connection::run_text(const std::string& statement, const Params& params,
                                  const Deadline& deadline) {
  if (lost_) return lost("a statement on a lost connection");
  const Deadline limit = bounded(deadline);
  sqlstate_.clear();
  if (Status sent = send(statement.c_str(), params); !sent) return fail(sent.error());
  Status flushed = flush(limit);
  auto rows = flushed ? read_statement(limit) : Result<Rows>(fail(flushed.error()));
  if (!rows && sqlstate_.empty()) lost_ = true;  // an answer may still come
  return rows;
}

Result<std::vector<Rows>> Connection::run_all(std::span<const Call> calls,
                                              const Deadline& deadline) {
  if (lost_) return lost("a statement on a lost connection");
  const Deadline limit = bounded(deadline);
  sqlstate_.clear();
  if (PQenterPipelineMode(connection_) != 1) return lost("sending statements");
  for (const Call& call : calls) {
    if (Status sent = send(call); !sent) return fail(sent.error());
  }
  if (PQpipelineSync(connection_) != 1) return lost("sending statements");
  Status flushed = flush(limit);
  auto rows = flushed ? read_pipeline(calls.size(), limit)
                      : Result<std::vector<Rows>>(fail(flushed.error()));
  if (!rows && sqlstate_.empty()) lost_ = true;
  if (!lost_ && PQexitPipelineMode(connection_) != 1) return lost("reading answers");
  return rows;
}

Result<std::vector<Rows>> Connection::read_pipeline(std::size_t calls, const Deadline& deadline) {
  std::vector<Rows> answers;
  answers.reserve(calls);
  std::optional<Error> error;
  for (;;) {
    const auto result = next_result(deadline);
    if (!result) return fail(result.error());
    if (*result == nullptr) {  // between two statements
      if (PQstatus(connection_) == CONNECTION_BAD) return lost("waiting for answers");
      continue;
    }
    Rows rows(*result);
    switch (PQresultStatus(*result)) {
      case PGRES_PIPELINE_SYNC:
        forget_news();
        if (error) return fail(std::move(*error));
        return answers;
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        answers.push_back(std::move(rows));
        break;
      case PGRES_PIPELINE_ABORTED:
        break;
      default:
        if (!error) error = refused(*result).value();
    }
  }
}

Status Connection::run_script(const std::string& script, const Deadline& deadline) {
  if (lost_) return lost("a statement on a lost connection");
  const Deadline limit = bounded(deadline);
  sqlstate_.clear();
  if (PQsendQuery(connection_, script.c_str()) != 1) return lost("sending a statement");
  Status flushed = flush(limit);
  const auto rows = flushed ? read_statement(limit) : Result<Rows>(fail(flushed.error()));
  if (!rows && sqlstate_.empty()) lost_ = true;
  if (!rows) return fail(rows.error());
  return {};
}

Status Connection::roll_back(const Deadline& deadline) {
  if (lost_) return lost("a transaction on a lost connection");
  if (PQtransactionStatus(connection_) == PQTRANS_IDLE) return {};
  const std::string error_before = sqlstate_;
  const Status done = run_script("ROLLBACK", deadline);
  if (!done) lost_ = true;
  sqlstate_ = error_before;
  return done;
}

bool Connection::in_transaction() const { return PQtransactionStatus(connection_) != PQTRANS_IDLE; }

bool Connection::was_closed() {
  pollfd polled{.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
  if (!lost_ && ::poll(&polled, 1, 0) != 0) {
    // A notice or a changed setting may have come; the end of the session is the other reason.
    if (PQconsumeInput(connection_) == 0 || PQstatus(connection_) == CONNECTION_BAD) lost_ = true;
  }
  return lost_;
}

int Connection::server_version() const { return PQserverVersion(connection_); }

}  // namespace waybill::postgres
