// The first process of a container: gives the program the environment that the worker has for it,
// which so is on no command line and in no file of the runtime's; passes signals on, since a
// program that is process 1 itself would be deaf to SIGTERM; reaps; and tells the worker how the
// program ended, which the runtime's exit status mixes up with its own failures.
//
// It does not outlive its supervisor, and nothing outlives it: it is process 1.
//
// waybill-init -- PROGRAM ARGUMENT...      with a WaybillBox as descriptor 4, and the supervisor's
//                                          lifeline as descriptor 5

#define _GNU_SOURCE

#include "container_protocol.h"
#include "container_seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kBoxFd = 4, kLifelineFd = 5 };

// As of a command: what outlives the program has this long to end by itself.
static const struct timespec kLinger = {.tv_sec = 0, .tv_nsec = 200 * 1000 * 1000};

static struct WaybillBox box;

static void put_box(uint32_t state, int32_t value) {
  box.state = state;
  box.value = value;
  if (pwrite(kBoxFd, &box, sizeof box, 0) != (ssize_t)sizeof box) _exit(125);
}

static bool take_environment(void) {
  if (pread(kBoxFd, &box, sizeof box, 0) != (ssize_t)sizeof box) return false;
  char* const texts = malloc((size_t)box.environment_bytes + 1);
  if (texts == NULL) return false;
  for (size_t got = 0; got < box.environment_bytes;) {
    const ssize_t more =
        pread(kBoxFd, texts + got, box.environment_bytes - got, (off_t)(sizeof box + got));
    if (more <= 0) return false;
    got += (size_t)more;
  }
  texts[box.environment_bytes] = '\0';
  // They stay where they are, being the environment from now on.
  for (char* text = texts; text < texts + box.environment_bytes; text += strlen(text) + 1) {
    if (putenv(text) != 0) return false;
  }
  return true;
}

/// The number after `name` at the beginning of a line of a file; 0: there is none.
static int64_t number_in(const char* path, const char* name) {
  FILE* file = fopen(path, "re");
  if (file == NULL) return 0;
  char line[256];
  int64_t found = 0;
  const size_t length = strlen(name);
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, name, length) != 0) continue;
    found = strtoll(line + length, NULL, 10);
    break;
  }
  fclose(file);
  return found;
}

static int64_t micros_of_use(struct timeval use) { return use.tv_sec * 1000000LL + use.tv_usec; }

/// Adds the container's own accounts, of cgroup v2 or v1.
static void take_stock(void) {
  struct rusage use;
  getrusage(RUSAGE_CHILDREN, &use);
  box.user_micros = micros_of_use(use.ru_utime);
  box.system_micros = micros_of_use(use.ru_stime);
  const int64_t kills = number_in("/sys/fs/cgroup/memory.events", "oom_kill ") +
                        number_in("/sys/fs/cgroup/memory/memory.oom_control", "oom_kill ");
  box.memory_kills = kills > 0 ? (uint32_t)kills : 0;
  box.memory_peak_bytes = use.ru_maxrss * 1024LL;
}

/// In the child: never returns.
static void become_program(char** program) {
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execvp(program[0], program);
  put_box(kWaybillBoxNoExec, errno);
  _exit(127);
}

/// Reaps what has ended; true when the program itself has.
static bool reap(pid_t program, int* status) {
  bool ended = false;
  int one;
  for (pid_t pid; (pid = waitpid(-1, &one, WNOHANG)) > 0;) {
    if (pid != program) continue;
    *status = one;
    ended = true;
  }
  return ended;
}

/// Once, however often it is asked for.
static void ask_to_end(void) {
  static bool asked = false;
  if (asked) return;
  asked = true;
  kill(-1, SIGTERM);  // all but this one
}

/// What the supervisor says; does not return when it is gone: as process 1 this takes all along.
static void hear_supervisor(void) {
  char said;
  const ssize_t got = read(kLifelineFd, &said, 1);
  if (got == 1) return ask_to_end();
  if (got < 0 && errno == EINTR) return;
  kill(-1, SIGKILL);
  _exit(137);
}

static bool has_news(short revents) { return (revents & (POLLIN | POLLHUP | POLLERR)) != 0; }

/// Waits until the program has ended, passing signals on; its wait status.
static int see_through(pid_t program, int signals) {
  int status = 0;
  struct pollfd polled[] = {{.fd = signals, .events = POLLIN},
                            {.fd = kLifelineFd, .events = POLLIN}};
  while (!reap(program, &status)) {
    if (poll(polled, 2, -1) < 0) continue;
    if (has_news(polled[1].revents)) hear_supervisor();
    struct signalfd_siginfo signal;
    if (!has_news(polled[0].revents) || read(signals, &signal, sizeof signal) < 0) continue;
    if (signal.ssi_signo == SIGTERM) {
      ask_to_end();
    } else if (signal.ssi_signo != SIGCHLD) {
      kill(program, (int)signal.ssi_signo);
    }
  }
  return status;
}

/// Gives up all that root may, for good.
static bool become_user(uint32_t user) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return false;
  }
  if (setgroups(0, NULL) != 0 || setresgid(user, user, user) != 0 ||
      setresuid(user, user, user) != 0) {
    return false;
  }
  // The change leaves what could be inherited.
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  const struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) return false;
  // And takes this back.
  return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         filter_system_calls();
}

static void linger(void) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t until = now.tv_sec * 1000000000LL + now.tv_nsec + kLinger.tv_nsec;
  while (waitpid(-1, NULL, WNOHANG) >= 0) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t left = until - (now.tv_sec * 1000000000LL + now.tv_nsec);
    if (left <= 0) return;
    const struct timespec wait = {.tv_sec = 0, .tv_nsec = left};
    sigtimedwait(&child, NULL, &wait);
  }
}

int main(int count, char** arguments) {
  if (count < 3 || strcmp(arguments[1], "--") != 0) return 125;
  fcntl(kBoxFd, F_SETFD, FD_CLOEXEC);
  fcntl(kLifelineFd, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  const int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0 || !take_environment()) return 125;
  if (box.user != 0 && !become_user(box.user)) return 125;
  // What is in the box is for this process, whatever the program's user may look at.
  prctl(PR_SET_DUMPABLE, 0);
  put_box(kWaybillBoxStarted, 0);
  const pid_t program = fork();
  if (program < 0) {
    put_box(kWaybillBoxNoExec, errno);
    return 125;
  }
  if (program == 0) become_program(arguments + 2);
  const int status = see_through(program, signals);
  linger();
  struct WaybillBox said;
  const bool no_exec = pread(kBoxFd, &said, sizeof said, 0) == (ssize_t)sizeof said &&
                       said.state == kWaybillBoxNoExec;
  take_stock();
  if (!no_exec) put_box(kWaybillBoxEnded, status);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
