#include "kinds/archive/zim/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "base/file_descriptor.h"
#include "base/utf8.h"

namespace waybill {
namespace {

constexpr std::size_t kProgramLineMax = 64 * 1024;
constexpr int kNotFound = 127;
constexpr Duration kPollProgramMax = std::chrono::seconds(10);

/// A process that has to be waited for, with all of its group.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) end();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Its exit status, when it has closed what it writes to.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    // What it left running in its group has no use.
    ::kill(-pid_, SIGKILL);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  void end() {
    ::kill(-pid_, SIGKILL);
    wait();
  }
  pid_t pid_;
};

struct Spawned {
  pid_t pid = -1;
  FileDescriptor output;
};

Result<Spawned> spawn(const ProgramCall& call) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(system_error(errno, "making a pipe"));
  FileDescriptor output(ends[0]);
  const FileDescriptor input(ends[1]);
  std::vector<std::string> argv = {"setpriv", "--pdeathsig", "KILL", "--"};
  argv.insert(argv.end(), call.argv.begin(), call.argv.end());
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const char* path = std::getenv("PATH");
  std::string path_line = "PATH=" + std::string(path == nullptr ? "/usr/bin:/bin" : path);
  std::string locale = "LC_ALL=C.UTF-8";
  std::array<char*, 3> environment = {path_line.data(), locale.data(), nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, input.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, input.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  Spawned spawned{.pid = -1, .output = std::move(output)};
  const int error = ::posix_spawnp(&spawned.pid, "setpriv", &actions, &attributes, arguments.data(),
                                   environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail(system_error(error, "starting " + call.argv.front()));
  return spawned;
}

/// Cuts what comes into lines.
class ProgramLines {
 public:
  explicit ProgramLines(const ProgramCall& call) : call_(call) {}

  Status take(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n') {
        if (Status taken = give(); !taken) return taken;
      } else if (line_.size() < kProgramLineMax) {
        line_ += c;
      }
    }
    return {};
  }
  Status finish() { return line_.empty() ? Status() : give(); }
  const std::string& last() const { return last_; }

 private:
  Status give() {
    last_ = std::exchange(line_, {});
    return call_.on_line ? call_.on_line(last_) : Status();
  }
  const ProgramCall& call_;
  std::string line_;
  std::string last_;
};

Status read_all(const FileDescriptor& output, const FileDescriptor& wake, ProgramLines& lines,
                Clock& clock, const Deadline& deadline) {
  std::array<char, 65536> room;
  while (true) {
    if (deadline.stop_requested()) return fail(Code::cancelled, "asked to stop");
    const Duration left = deadline.at - clock.steady_now();
    if (left <= Duration(0)) return fail(Code::deadline_exceeded, "not over in time");
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kPollProgramMax)).count();
    std::array<pollfd, 2> polled = {pollfd{.fd = output.get(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = wake.get(), .events = POLLIN, .revents = 0}};
    if (::poll(polled.data(), polled.size(), static_cast<int>(wait)) < 0 && errno != EINTR) {
      return fail(system_error(errno, "waiting for a program"));
    }
    if (polled[0].revents == 0) continue;
    const ssize_t got = ::read(output.get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading what a program says"));
    if (got == 0) return lines.finish();
    Status taken = lines.take({room.data(), static_cast<std::size_t>(got)});
    if (!taken) return taken;
  }
}

}  // namespace

Result<int> run_program(const ProgramCall& call, Clock& clock, const Deadline& deadline) {
  const FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.is_open()) return fail(system_error(errno, "making an eventfd"));
  auto spawned = spawn(call);
  if (!spawned) return fail(spawned.error());
  Child child(spawned->pid);
  const std::stop_callback on_stop(deadline.stop, [&] {
    const std::uint64_t one = 1;
    // Full, it wakes as well.
    if (::write(wake.get(), &one, sizeof(one)) < 0) return;
  });
  ProgramLines lines(call);
  Status read = read_all(spawned->output, wake, lines, clock, deadline);
  if (!read) return fail(with_context(read.error(), call.argv.front()));
  const int status = child.wait();
  if (status == kNotFound) {
    return fail(Code::failed_precondition, call.argv.front() +
                                               " does not start: is it installed? " +
                                               escape_utf8(lines.last().substr(0, 200)));
  }
  return status;
}

}  // namespace waybill
