#include "adapters/git/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/file_descriptor.h"

namespace waybill::git {
namespace {

constexpr std::size_t kErrorsKept = 4000;
constexpr Duration kLookEvery = std::chrono::milliseconds(100);
constexpr int kNoGit = 127;
/// In blocks of 512 bytes, and in KiB, as POSIX and dash have it.
constexpr const char* kScript =
    R"(ulimit -c 0 && ulimit -f "$1" && ulimit -v "$2" && shift 2 && exec git "$@")";

/// For /bin/sh: text that stays one word, whatever is in it.
std::string quoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

/// For ssh, which reads percent signs in the names of files (ssh_config(5), TOKENS).
std::string without_tokens(std::string_view path) {
  std::string text;
  for (const char c : path) text += c == '%' ? std::string("%%") : std::string(1, c);
  return text;
}

/// For an option of ssh that takes several words: one of them.
std::string one_word(std::string_view path) {
  std::string word = "\"";
  for (const char c : without_tokens(path)) {
    if (c == '"' || c == '\\') word += '\\';
    word += c;
  }
  return word + "\"";
}

std::string ssh_command(const Access& access) {
  std::string command =
      "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"
      " -o IdentityAgent=none -o PermitLocalCommand=no -o ForwardAgent=no -o ConnectTimeout=20"
      " -o GlobalKnownHostsFile=/etc/ssh/ssh_known_hosts";
  const std::string& hosts = access.known_hosts_file;
  command += " -o UserKnownHostsFile=" + (hosts.empty() ? "/dev/null" : quoted(one_word(hosts)));
  if (!access.ssh_key_file.empty()) {
    command += " -i " + quoted(without_tokens(access.ssh_key_file));
  }
  return command;
}

std::vector<std::string> environment_of(const Call& call, const Access& access) {
  std::vector<std::string> environment = access.environment;
  environment.insert(environment.end(),
                     {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "HOME=/nonexistent",
                      "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
                      "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "SSH_ASKPASS=/bin/false",
                      "GIT_NO_REPLACE_OBJECTS=1", "GIT_PROTOCOL_FROM_USER=0",
                      "GIT_ALLOW_PROTOCOL=" + (call.protocol.empty() ? "none" : call.protocol),
                      "GIT_SSH_VARIANT=ssh", "GIT_SSH_COMMAND=" + ssh_command(access)});
  return environment;
}

/// The shell sets limits, which git's children inherit, and becomes git: nothing of a call is read
/// as a script.
std::vector<std::string> words_of(const Call& call, const Access& access) {
  const Limits& limits = call.limits;
  std::vector<std::string> words = {"/bin/sh",
                                    "-c",
                                    kScript,
                                    "git",
                                    std::to_string(limits.file_bytes_max / 512),
                                    std::to_string(limits.memory_bytes_max / 1024)};
  for (const char* setting :
       {"core.hooksPath=/dev/null", "core.fsmonitor=false", "core.symlinks=false",
        "core.bigFileThreshold=1m", "core.packedGitLimit=64m", "pack.threads=1",
        "pack.windowMemory=64m", "fetch.fsckObjects=true", "fetch.unpackLimit=1",
        "fetch.writeCommitGraph=false", "gc.auto=0", "maintenance.auto=false",
        "submodule.recurse=false", "http.followRedirects=false", "http.lowSpeedLimit=100",
        "http.lowSpeedTime=60", "credential.helper=", "advice.detachedHead=false"}) {
    words.insert(words.end(), {"-c", setting});
  }
  if (!access.credentials_file.empty()) {
    // Only asked: after a 401 git has its helpers forget the login, and this one would rewrite the
    // file without it.
    words.insert(words.end(), {"-c",
                               "credential.helper=!f() { test \"$1\" = get && git credential-store "
                               "--file=" +
                                   quoted(access.credentials_file) + " get; }; f"});
  }
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  return words;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

tl::unexpected<Error> failed(const char* action) { return fail(system_error(errno, action)); }

struct Pipe {
  FileDescriptor ours;
  FileDescriptor theirs;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return failed("making a pipe for git");
  Pipe pipe{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
  if (::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK) != 0) return failed("making a pipe for git");
  return pipe;
}

Result<FileDescriptor> make_input(const std::string& text) {
  FileDescriptor file(text.empty() ? ::open("/dev/null", O_RDONLY | O_CLOEXEC)
                                   : ::memfd_create("git-stdin", MFD_CLOEXEC));
  if (!file.is_open()) return failed("making git's standard input");
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written =
        ::pwrite(file.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("writing git's standard input");
    done += static_cast<std::size_t>(written);
  }
  return file;
}

/// A process and those that it has started: killed and reaped at the end of its life.
class Group {
 public:
  explicit Group(pid_t leader)
      : leader_(leader), handle_(static_cast<int>(::syscall(SYS_pidfd_open, leader, 0))) {}
  ~Group() {
    if (leader_ > 0) end();
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  /// Readable when the first of them has ended.
  const FileDescriptor& handle() const { return handle_; }
  /// Kills what is left, and answers what the first of them came to.
  int end() {
    ::kill(-leader_, SIGKILL);
    int status = 0;
    while (::waitpid(leader_, &status, 0) < 0 && errno == EINTR) continue;
    leader_ = 0;
    return status;
  }

 private:
  pid_t leader_;
  FileDescriptor handle_;
};

Result<pid_t> spawn(const Call& call, const Access& access, const FileDescriptor& input,
                    const FileDescriptor& output, const FileDescriptor& errors) {
  const std::vector<std::string> words = words_of(call, access);
  const std::vector<std::string> environment = environment_of(call, access);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_addchdir_np(&actions, "/");
  sigset_t set;
  ::sigemptyset(&set);
  ::posix_spawnattr_setsigmask(&attributes, &set);
  ::sigfillset(&set);
  ::posix_spawnattr_setsigdefault(&attributes, &set);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, words[0].c_str(), &actions, &attributes,
                                  pointers(words).data(), pointers(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(system_error(error, "starting git"));
  return pid;
}

/// Takes what has come. False: the other end is closed, or `into` is full.
bool take(const FileDescriptor& from, std::string& into, std::size_t bytes_max) {
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    into.append(buffer, static_cast<std::size_t>(got));
    if (into.size() > bytes_max) return false;
  }
}

/// The last lines of what git said, as one: it tells the reason last.
std::string last_words(const std::string& errors) {
  std::string text = errors.substr(errors.size() - std::min<std::size_t>(errors.size(), 600));
  while (text.ends_with('\n')) text.pop_back();
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      line += "; ";
    } else if (static_cast<unsigned char>(c) >= ' ') {
      line += c;
    }
  }
  return line;
}

Status verdict(const Call& call, int status, const std::string& errors) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string said = last_words(errors);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoGit) {
    return fail(Code::failed_precondition, "there is no git: install it (apt-get install git)");
  }
  const bool too_big = (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) ||
                       said.find("signal 25") != said.npos || said.find("SIGXFSZ") != said.npos ||
                       said.find("File too large") != said.npos ||
                       said.find("invalid index-pack output") != said.npos ||
                       said.find("ut of memory") != said.npos || said.find("malloc") != said.npos ||
                       said.find("mmap failed") != said.npos;
  if (too_big) {
    return fail(Code::resource_exhausted,
                "the repository takes more than " +
                    std::to_string(call.limits.file_bytes_max >> 20) +
                    " MiB, or more memory than git may take: keep definitions in a small one" +
                    (said.empty() ? "" : " (" + said + ")"));
  }
  return fail(Code::unavailable, "git: " + (said.empty() ? "it failed" : said));
}

/// What a run of git has said so far.
struct Said {
  std::string output;
  std::string errors;
  bool more_output = true;
  bool more_errors = true;
  bool has_ended = false;

  bool is_whole() const { return !more_output && !more_errors && has_ended; }
};

/// Waits for a while, and takes what has come.
Status listen(const Pipe& output, const Pipe& errors, const Group& group, Duration wait,
              std::size_t bytes_max, Said& said) {
  const auto end_of = [](bool open, const FileDescriptor& file) {
    return pollfd{.fd = open ? file.get() : -1, .events = POLLIN, .revents = 0};
  };
  pollfd ends[] = {end_of(said.more_output, output.ours), end_of(said.more_errors, errors.ours),
                   end_of(!said.has_ended, group.handle())};
  const auto patience = std::chrono::ceil<std::chrono::milliseconds>(wait);
  if (::poll(ends, std::size(ends), static_cast<int>(patience.count())) < 0) {
    return errno == EINTR ? Status{} : failed("waiting for git");
  }
  if (ends[0].revents != 0) said.more_output = take(output.ours, said.output, bytes_max);
  if (ends[1].revents != 0) {
    said.more_errors = take(errors.ours, said.errors, SIZE_MAX);
    if (said.errors.size() > kErrorsKept) said.errors.erase(0, said.errors.size() - kErrorsKept);
  }
  said.has_ended = said.has_ended || ends[2].revents != 0;
  if (said.output.size() <= bytes_max) return {};
  return fail(Code::resource_exhausted,
              "the repository holds more than is taken of it: keep definitions in a small one, or "
              "in a directory of their own");
}

}  // namespace

Result<std::string> run(const Call& call, const Access& access, Clock& clock,
                        const Deadline& deadline) {
  const auto input = make_input(call.input);
  if (!input) return fail(input.error());
  auto output = make_pipe();
  if (!output) return fail(output.error());
  auto errors = make_pipe();
  if (!errors) return fail(errors.error());
  const auto pid = spawn(call, access, *input, output->theirs, errors->theirs);
  if (!pid) return fail(pid.error());
  Group group(*pid);
  if (!group.handle().is_open()) return failed("watching git");
  output->theirs = FileDescriptor();
  errors->theirs = FileDescriptor();

  const Duration time_max = call.limits.time;
  const SteadyTime until = std::min(deadline.at, clock.steady_now() + time_max);
  Said said;
  while (!said.is_whole()) {
    if (deadline.stop_requested()) return fail(Code::cancelled, "git was stopped");
    const Duration left = until - clock.steady_now();
    if (left <= Duration::zero()) {
      return fail(Code::deadline_exceeded, "git did not end within " + format_duration(time_max) +
                                               ": the remote does not answer, or sends too much");
    }
    const Status heard = listen(*output, *errors, group, std::min(left, kLookEvery),
                                call.limits.output_bytes_max, said);
    if (!heard) return fail(heard.error());
  }
  if (Status ended = verdict(call, group.end(), said.errors); !ended) return fail(ended.error());
  return std::move(said.output);
}

}  // namespace waybill::git
