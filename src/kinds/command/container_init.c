// The first process of a container: gives the program the environment that the worker has for it,
// which so is on no command line and in no file of the runtime's; passes signals on, since a
// program that is process 1 itself would be deaf to SIGTERM; reaps; and tells the worker how the
// program ended, which the runtime's exit status mixes up with its own failures.
//
// waybill-init -- PROGRAM ARGUMENT...      with a WaybillBox as descriptor 4

#define _GNU_SOURCE

#include "container_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kBoxFd = 4 };

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

/// Waits until the program has ended, passing signals on; its wait status.
static int see_through(pid_t program, const sigset_t* all) {
  int status = 0;
  bool asked_to_end = false;
  while (!reap(program, &status)) {
    const int number = sigwaitinfo(all, NULL);
    if (number <= 0 || number == SIGCHLD) continue;
    if (number != SIGTERM) {
      kill(program, number);
    } else if (!asked_to_end) {
      // Once, however often it comes; -1 is all but this one.
      asked_to_end = true;
      kill(-1, SIGTERM);
    }
  }
  return status;
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
  // What is in the box is for this process, whatever the program's user may look at.
  prctl(PR_SET_DUMPABLE, 0);
  fcntl(kBoxFd, F_SETFD, FD_CLOEXEC);
  if (!take_environment()) return 125;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  put_box(kWaybillBoxStarted, 0);
  const pid_t program = fork();
  if (program < 0) {
    put_box(kWaybillBoxNoExec, errno);
    return 125;
  }
  if (program == 0) become_program(arguments + 2);
  const int status = see_through(program, &all);
  linger();
  struct WaybillBox said;
  const bool no_exec = pread(kBoxFd, &said, sizeof said, 0) == (ssize_t)sizeof said &&
                       said.state == kWaybillBoxNoExec;
  take_stock();
  if (!no_exec) put_box(kWaybillBoxEnded, status);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
