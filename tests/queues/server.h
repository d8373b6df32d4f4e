#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "testing/temporary_directory.h"

namespace waybill {

/// A port on loopback that nobody listened on a moment ago.
int free_port();

/// Where the program `name` is on PATH; empty: nowhere.
std::string find_program(const std::string& name);

/// Whether something accepts connections on that port of loopback.
bool accepts(int port);

/// A real server of a test's own: it listens on loopback, writes below `directory()` only, and dies
/// with the test program.
class Server {
 public:
  struct Start {
    std::vector<std::string> command;  ///< the program by its path
    std::map<std::string, std::string> environment;
    std::function<bool()> ready;
  };
  Server() = default;
  ~Server() { kill(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts it and waits until it is ready, at most a minute. False: it did not come up; what it
  /// wrote is on stderr.
  bool start(const Start& start);
  /// Asks it to end, and ends it after ten seconds.
  void stop();
  /// Ends it at once, as a crash does.
  void kill();
  /// It does nothing more, and its connections stay open, until `go_on`.
  void freeze();
  void go_on();

  const std::string& directory() const { return directory_.path(); }

 private:
  /// Whether it ended within that time.
  bool ended_within(int milliseconds) const;
  void signal_and_reap(int first_signal, int patience_ms);

  TemporaryDirectory directory_;
  pid_t pid_ = -1;
  int process_ = -1;  // a pidfd
};

}  // namespace waybill
