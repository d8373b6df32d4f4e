#pragma once

#include <string>
#include <vector>

#include "tests/queues/server.h"

namespace waybill {

/// Whether a power cut may cost what was committed: fine where nothing is killed, and faster.
enum class Sync { off, on };

/// A PostgreSQL server of a test's own.
class PostgresServer {
 public:
  /// Not installed, or it does not start: `started()` is false, and the reason is on stderr.
  explicit PostgresServer(Sync sync = Sync::off);
  ~PostgresServer();

  bool started() const { return started_; }
  /// As after a crash of the whole machine but for its disk.
  void kill();
  /// Starts it again on the same data and port.
  bool start();
  int port() const { return port_; }

  /// A new database; `from` names one to copy. Empty: it could not be made.
  std::string make_database(const std::string& from = "");
  void drop_database(const std::string& name);
  /// The URL of a database over TCP.
  std::string url(const std::string& database, const std::string& user = "postgres") const;
  /// Lets the user `worker` read and write the ledger there, as docs/guides/postgresql.md says.
  void admit_worker(const std::string& database) const;
  /// Runs statements with psql; says what it wrote. Fails the test if they fail.
  std::string psql(const std::string& database, const std::string& script) const;

 private:
  std::string data() const { return server_.directory() + "/data"; }
  bool init();

  Server server_;
  const Sync sync_;
  int port_ = 0;
  int databases_ = 0;
  bool started_ = false;
};

/// The one of this test program, started when it is first asked for. Null where PostgreSQL is not
/// installed: the test is to be skipped then.
PostgresServer* shared_postgres();

}  // namespace waybill
