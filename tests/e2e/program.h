#pragma once

#include <sys/types.h>

#include <boost/json/fwd.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace waybill::e2e {

/// What a run of the program came to.
struct Ran {
  int status = -1;  ///< exit status, or 128 + the signal that ended it
  std::string out;
  std::string err;
};

/// The program while it runs. Killed and reaped at the end of its life.
class Running {
 public:
  Running(pid_t pid, std::string out_path, std::string err_path);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Waits until its main thread leaves that signal to another; fails the test after 30 s.
  void wait_until_it_blocks(int signal) const;
  /// Waits for its end; fails the test and kills it after 30 s.
  Ran wait();
  /// Waits until it has written `text` to stdout or stderr; fails the test after 30 s.
  void wait_for_output(const std::string& text,
                       std::chrono::seconds patience = std::chrono::seconds(30));

 private:
  std::string output() const;

  pid_t pid_;
  std::string out_path_;
  std::string err_path_;
};

/// A directory of a test's own, and the program run in it with a clean environment.
class Place {
 public:
  Place();
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  const std::string& directory() const { return directory_; }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  /// Creates directories on the way.
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  bool exists(const std::string& name) const;

  std::map<std::string, std::string> environment;  ///< besides PATH and HOME
  std::vector<std::string> wrapper;  ///< a program that starts ours, with its arguments
  std::string stdout_path;           ///< where stdout goes; empty: to a file of each run

  Ran run(const std::vector<std::string>& arguments) const;
  std::unique_ptr<Running> start(const std::vector<std::string>& arguments) const;

  /// Runs with --json; expects `status` and an answer that `definition` of schemas/cli.schema.json
  /// allows.
  boost::json::value json(const std::string& definition, std::vector<std::string> arguments,
                          int status = 0) const;
  /// Creates a task and answers its id.
  std::string create(const std::vector<std::string>& arguments) const;

 private:
  std::string directory_;
  mutable int runs_ = 0;
};

/// What is wrong with `value` by that definition of schemas/cli.schema.json; empty: nothing.
std::string violations(const std::string& definition, const boost::json::value& value);

}  // namespace waybill::e2e
