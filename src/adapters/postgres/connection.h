#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/postgres/sql_statements.h"
#include "adapters/postgres/values.h"
#include "base/deadline.h"
#include "base/file_descriptor.h"
#include "base/result.h"
#include "ports/clock.h"

struct pg_conn;  // of libpq

namespace waybill::postgres {

struct ConnectParams {
  /// A URL (postgres://…) or key=value pairs, as libpq knows them; may hold a password.
  std::string conninfo;
  /// Of several hosts each has what `connect_timeout` says, or 3 seconds, up to this.
  Duration connect_time_max = std::chrono::seconds(10);
  /// For one call, whatever its deadline. A server that is silent for longer is given up.
  Duration call_time_max = std::chrono::seconds(60);
  /// Asked for when the program has to end: from then on no call waits for a server that is silent
  /// for more than 2 seconds, and none is tried again.
  std::stop_token hurry{};
};

struct Host;

/// A statement with its parameters.
struct Call {
  Sql sql;
  Params params;
};

/// A session with a server. Nothing relies on what a session remembers between transactions, so
/// that a pooler may stand between which gives each transaction another one: statements are
/// unnamed, settings are of a transaction. Not thread-safe.
class Connection {
 public:
  /// Errors: `invalid_argument` for a conninfo that libpq cannot read, `unavailable` when nobody
  /// answers, `unauthenticated`, `not_found` (the database), `deadline_exceeded`, `cancelled`
  /// (the deadline's stop).
  static Result<std::unique_ptr<Connection>> open(const ConnectParams& params, const Clock& clock,
                                                  const Deadline& deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs one statement; outside of a transaction it is one by itself. Errors as postgres_error;
  /// also `deadline_exceeded` and `cancelled`, after which the connection is lost.
  Result<Rows> run(Sql sql, const Params& params, const Deadline& deadline);
  /// The same for a statement that is made of the names of tables and columns, never of values.
  Result<Rows> run_text(const std::string& statement, const Params& params,
                        const Deadline& deadline);
  /// Sends all of them at once and waits once. Stops at the first that fails: its error is the
  /// answer. Outside of a transaction they are one transaction.
  Result<std::vector<Rows>> run_all(std::span<const Call> calls, const Deadline& deadline);
  /// Runs statements without parameters, with semicolons between; outside of a transaction they
  /// are one transaction.
  Status run_script(const std::string& script, const Deadline& deadline);
  /// Lets calls take as long as they need while it lives: for what looks at all there is.
  class LongCalls {
   public:
    explicit LongCalls(Connection& connection)
        : connection_(connection),
          before_(std::exchange(connection.call_time_max_, kLongCallMax)) {}
    ~LongCalls() { connection_.call_time_max_ = before_; }
    LongCalls(const LongCalls&) = delete;
    LongCalls& operator=(const LongCalls&) = delete;

   private:
    static constexpr Duration kLongCallMax = std::chrono::hours(24);
    Connection& connection_;
    const Duration before_;
  };
  /// What was notified since the last call, on what the session listens to: payloads. Waits for
  /// the first; `deadline_exceeded` if none came, which costs nothing.
  Result<std::vector<std::string>> notifications(const Deadline& deadline);
  /// Ends a transaction that is open or has failed; an error means that the connection is lost.
  Status roll_back(const Deadline& deadline);

  /// Whether the session is gone or of no more use. What the last call did is not known then if it
  /// was to commit something.
  bool is_lost() const { return lost_; }
  bool in_transaction() const;
  /// Whether the server has ended the session while nothing was asked of it.
  bool was_closed();
  /// Of the last error; empty: it was not the server's.
  const std::string& last_sqlstate() const { return sqlstate_; }
  /// "PostgreSQL database d at host:port": nothing secret.
  const std::string& place() const { return place_; }
  int server_version() const;

 private:
  enum class Wish : std::uint8_t { read, write, both };

  Connection(pg_conn* connection, const ConnectParams& params, const Clock& clock);
  static Result<std::unique_ptr<Connection>> open_at(const Host& host, bool for_writing,
                                                     const ConnectParams& params,
                                                     const Clock& clock, const Deadline& deadline);
  Status connect(const Deadline& deadline);
  /// Waits for the socket at most until the deadline or its stop; sees to the hurry.
  Status wait_for(Wish wish, const Deadline& deadline);
  Status send(const Call& call);
  Status send(const char* statement, const Params& params);
  Status flush(const Deadline& deadline);
  /// The next result; null: that was all of this statement.
  Result<pg_result*> next_result(const Deadline& deadline);
  /// Reads the results of one statement or script up to its end; gives the last.
  Result<Rows> read_statement(const Deadline& deadline);
  void forget_news();
  Result<std::vector<Rows>> read_pipeline(std::size_t calls, const Deadline& deadline);
  tl::unexpected<Error> refused(const pg_result* result);
  bool is_on_standby() const;
  tl::unexpected<Error> lost(std::string_view doing);
  Deadline bounded(const Deadline& deadline) const;

  pg_conn* const connection_;
  Duration call_time_max_;
  const std::stop_token hurry_;
  const Clock& clock_;
  std::string place_;
  std::string sqlstate_;
  FileDescriptor wake_;  // readable when a stop is asked for
  bool lost_ = false;
};

/// What of a conninfo may be shown: no password, nor any other option.
std::string shown_conninfo(const std::string& conninfo);

}  // namespace waybill::postgres
