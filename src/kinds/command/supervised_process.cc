#include "kinds/command/supervised_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace waybill {
namespace {

// Above those that the supervisor is given, so that one dup2 never overwrites the source of
// another.
constexpr int kLowestSource = 16;

tl::unexpected<Error> failed(const char* action) { return fail(system_error(errno, action)); }

/// Our end and the supervisor's end, both closed on exec.
struct Ends {
  FileDescriptor ours;
  FileDescriptor theirs;
};

Result<FileDescriptor> raised(FileDescriptor file) {
  FileDescriptor high(::fcntl(file.get(), F_DUPFD_CLOEXEC, kLowestSource));
  if (!high.is_open()) return failed("making a pipe for a program");
  return high;
}

Result<Ends> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return failed("making a pipe for a program");
  FileDescriptor ours(fds[0]);
  auto theirs = raised(FileDescriptor(fds[1]));
  if (!theirs) return fail(theirs.error());
  // Only our end: a program expects its own to block.
  if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return failed("making a pipe for a program");
  return Ends{std::move(ours), std::move(*theirs)};
}

Result<Ends> make_control() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    return failed("making the control socket of a program");
  }
  FileDescriptor ours(fds[0]);
  auto theirs = raised(FileDescriptor(fds[1]));
  if (!theirs) return fail(theirs.error());
  return Ends{std::move(ours), std::move(*theirs)};
}

/// The whole input as a file in memory, so that nobody has to feed it while the program runs.
Result<FileDescriptor> make_input(const std::string& text) {
  FileDescriptor file(text.empty() ? ::open("/dev/null", O_RDONLY | O_CLOEXEC)
                                   : ::memfd_create("stdin", MFD_CLOEXEC));
  if (!file.is_open()) return failed("making a program's standard input");
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written =
        ::pwrite(file.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("writing a program's standard input");
    done += static_cast<std::size_t>(written);
  }
  return raised(std::move(file));
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// Closes over posix_spawn's two C objects.
struct SpawnPlan {
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void give(const FileDescriptor& file, int as) {
    ::posix_spawn_file_actions_adddup2(&actions, file.get(), as);
  }
  /// Signals as a fresh process has them, whatever this one blocks or ignores.
  void reset_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes, &set);
    ::sigfillset(&set);
    ::posix_spawnattr_setsigdefault(&attributes, &set);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

Result<SupervisedProcess> SupervisedProcess::start(const FileDescriptor& supervisor,
                                                   const ProcessParams& params) {
  auto input = make_input(params.standard_input);
  if (!input) return fail(input.error());
  auto output = make_pipe();
  if (!output) return fail(output.error());
  auto errors = make_pipe();
  if (!errors) return fail(errors.error());
  auto reports = make_pipe();
  if (!reports) return fail(reports.error());
  auto control = make_control();
  if (!control) return fail(control.error());

  SpawnPlan plan;
  plan.reset_signals();
  plan.give(*input, STDIN_FILENO);
  plan.give(output->theirs, STDOUT_FILENO);
  plan.give(errors->theirs, STDERR_FILENO);
  plan.give(reports->theirs, kWaybillReportFd);
  plan.give(control->theirs, kWaybillControlFd);
  auto options = params.options;
  FileDescriptor given;  // raised as the others are
  if (params.given != nullptr) {
    given = FileDescriptor(::fcntl(params.given->get(), F_DUPFD_CLOEXEC, kLowestSource));
    if (!given.is_open()) return failed("handing a file to a program");
    plan.give(given, kWaybillGivenFd);
    options.emplace_back("give=4");
  }

  std::vector<std::string> arguments = {"waybill-run"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), params.argv.begin(), params.argv.end());
  const std::string path = "/proc/self/fd/" + std::to_string(supervisor.get());
  SupervisedProcess process;
  const int error = ::posix_spawn(&process.pid_, path.c_str(), &plan.actions, &plan.attributes,
                                  pointers(arguments).data(), pointers(params.environment).data());
  if (error != 0) {
    process.pid_ = -1;
    return fail(system_error(error, "starting the supervisor of " + params.argv.front()));
  }
  process.output_ = std::move(output->ours);
  process.errors_ = std::move(errors->ours);
  process.reports_ = std::move(reports->ours);
  process.control_ = std::move(control->ours);
  return process;
}

SupervisedProcess::SupervisedProcess(SupervisedProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      reports_(std::move(other.reports_)),
      control_(std::move(other.control_)),
      mounted_(std::move(other.mounted_)) {}

SupervisedProcess::~SupervisedProcess() {
  if (pid_ < 0) return;
  control_ = FileDescriptor();  // a supervisor that still runs kills all and ends
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<WaybillNews> SupervisedProcess::read_news() {
  WaybillNews news{};
  iovec bytes{&news, sizeof news};
  alignas(cmsghdr) char along[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = along;
  message.msg_controllen = sizeof along;
  const ssize_t got = ::recvmsg(control_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return fail(Code::not_found, "no news");
  const cmsghdr* const header = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    mounted_ = FileDescriptor(descriptor);
  }
  if (got == static_cast<ssize_t>(sizeof news)) return news;
  return fail(Code::unavailable, "the supervisor of the program is gone");
}

void SupervisedProcess::request_stop(Duration grace) {
  const WaybillStop stop{.grace_micros = grace.count()};
  // A supervisor that can't be told has ended, which its next news says.
  while (::send(control_.get(), &stop, sizeof stop, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

}  // namespace waybill
