// The supervisor of one run: starts the program in a session of its own, with its limits, adopts
// all that descends from it, and does not end before nothing of that is left. A tiny static
// program, because the worker must neither fork (38 ms at 1 GB) nor be the parent of strangers, and
// because somebody has to survive the worker's death to end what it started.
//
// waybill-run OPTION... -- PROGRAM ARGUMENT...
//   cgroup=DIRECTORY    a cgroup v2 that the program is born into and that is killed as a whole
//   join=FILE           a cgroup.procs to join
//   limit=N:SOFT:HARD   setrlimit
//   directory=PATH      working directory
//   children=scan       find children by a look at all processes, as if the kernel listed none
//   tmpfs=DIRECTORY     and more, see supervisor_mount.h
//   give=4              the program gets kWaybillGivenFd as descriptor 4
//   linger=MICROS       how long what outlives the program may go on
//   passes_on=1         SIGTERM is for the program alone, which passes it on
//   lifeline=1          the program gets, as descriptor 5, a pipe whose end is our own end, whoever
//                       brought that about; a T in it asks to end
//   tells=1             SIGTERM is that T, and no signal; with passes_on it is one too for as long
//                       as the WaybillBox that is given says that nothing has begun
//   pids=own            a namespace of processes that ends with the program
//   time=MICROS         all is killed after that
//   finally=ARGUMENT    one or more: a program that is run when nothing is left, whoever ended it

#define _GNU_SOURCE

#include "container_protocol.h"
#include "supervisor_children.h"
#include "supervisor_mount.h"
#include "supervisor_news.h"
#include "supervisor_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Processes that outlive the program have this long to end by themselves: a pipeline's last member
// often does.
static const int64_t kLingerMicros = 200 * 1000;
// The program that cleans up has this long.
static const int64_t kFinallyMicros = 60 * 1000 * 1000;
// Between two rounds of killing: what was killed must be reaped before its children are ours.
static const int64_t kRoundMicros = 2 * 1000;
static const int64_t kNever = INT64_MAX;

struct Run {
  char** options;
  char** options_end;
  char** program;
  int cgroup_fd;   // -1: none
  bool gives;      // kWaybillGivenFd to the program
  bool passes_on;  // SIGTERM, to all that it has started
  bool tells;      // of SIGTERM by the lifeline
  bool own_pids;   // the program is process 1 of a namespace
  int lifeline;    // our end; -1: none
  int lifeline_end;
  bool scans;  // looks for children among all processes
  pid_t pid;   // of the program; 0 once it was reaped
  int64_t linger;
  int64_t kill_at;  // monotonic
  bool killed;
  int32_t left_behind;
};

/// The text after `name` of the next option of that name at or after *next; NULL: no more.
static const char* option(const struct Run* run, const char* name, char*** next) {
  const size_t length = strlen(name);
  for (char** at = *next; at != run->options_end; ++at) {
    if (strncmp(*at, name, length) == 0) {
      *next = at + 1;
      return *at + length;
    }
  }
  return NULL;
}

static bool write_file(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text, strlen(text)) >= 0;
  const int error = errno;
  close(fd);
  errno = error;
  return written;
}

/// In the child, which asked to end with its parent: whether that is gone already. It holds the
/// other end of `report`; its number is none in a namespace of the child's own.
static bool is_orphan(int report) {
  struct pollfd end = {.fd = report};
  return poll(&end, 1, 0) == 1 && (end.revents & POLLERR) != 0;
}

/// In the child: never returns but by exec; says on `report` what failed.
static void become_program(const struct Run* run, int report) {
  uint32_t failure[2] = {kWaybillStageLimit, 0};
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (is_orphan(report)) _exit(127);
  // Short of memory, the kernel shall take a task rather than the worker.
  write_file("/proc/self/oom_score_adj", "500");
  char** next = run->options;
  const char* value;
  while ((value = option(run, "join=", &next)) != NULL) {
    if (write_file(value, "0")) continue;
    failure[0] = kWaybillStageCgroup;
    goto failed;
  }
  next = run->options;
  while ((value = option(run, "limit=", &next)) != NULL) {
    char* end = NULL;
    const int resource = (int)strtol(value, &end, 10);
    struct rlimit limit = {.rlim_cur = strtoull(end + 1, &end, 10)};
    limit.rlim_max = strtoull(end + 1, NULL, 10);
    // A limit that is stricter already may not be raised, and need not be.
    struct rlimit now;
    if (getrlimit(resource, &now) == 0 && now.rlim_max <= limit.rlim_cur) continue;
    if (now.rlim_max < limit.rlim_max) limit.rlim_max = now.rlim_max;
    if (setrlimit(resource, &limit) != 0) goto failed;
  }
  next = run->options;
  if ((value = option(run, "directory=", &next)) != NULL && chdir(value) != 0) {
    failure[0] = kWaybillStageDirectory;
    goto failed;
  }
  if (run->own_pids && !enter_own_pids()) {
    failure[0] = kWaybillStageMount;
    goto failed;
  }
  if (run->gives && dup2(kWaybillGivenFd, kWaybillControlFd) < 0) goto failed;
  if (run->lifeline_end >= 0 && dup2(run->lifeline_end, kWaybillGivenFd) < 0) goto failed;
  // Exec resets the handlers, and nothing is ignored: only the mask is inherited.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execvp(run->program[0], run->program);
  failure[0] = kWaybillStageExec;
failed:
  failure[1] = (uint32_t)errno;
  if (write(report, failure, sizeof failure) < 0) _exit(126);
  _exit(127);
}

static pid_t fork_into(int cgroup_fd) {
  if (cgroup_fd >= 0) {
    struct clone_args args;
    memset(&args, 0, sizeof args);
    args.flags = CLONE_INTO_CGROUP;
    args.exit_signal = SIGCHLD;
    args.cgroup = (uint64_t)cgroup_fd;
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
  }
  return fork();
}

/// False after having told why.
static bool start_program(struct Run* run) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    tell(kWaybillNotStarted, errno, kWaybillStageFork);
    return false;
  }
  // Only who is forked from now on is in there, which is the program alone.
  if (run->own_pids && unshare(CLONE_NEWPID) != 0) {
    tell(kWaybillNotStarted, errno, kWaybillStageMount);
    return false;
  }
  run->pid = fork_into(run->cgroup_fd);
  if (run->pid == 0) {
    close(report[0]);
    become_program(run, report[1]);
  }
  const int error = errno;
  close(report[1]);
  uint32_t failure[2] = {run->cgroup_fd >= 0 ? kWaybillStageCgroup : kWaybillStageFork,
                         (uint32_t)error};
  bool started = run->pid > 0;
  if (started) {
    ssize_t got;
    do got = read(report[0], failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    started = got != (ssize_t)sizeof failure;
  }
  close(report[0]);
  if (started) {
    tell(kWaybillStarted, run->pid, 0);
  } else {
    tell(kWaybillNotStarted, (int32_t)failure[1], failure[0]);
  }
  return started;
}

static void kill_all(struct Run* run) {
  if (run->cgroup_fd >= 0) {
    const int fd = openat(run->cgroup_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
      if (write(fd, "1", 1) < 0) errno = 0;  // the children are killed one by one below
      close(fd);
    }
  }
  signal_children(run->scans, SIGKILL);
  if (!run->killed) tell(kWaybillKilled, 0, 0);
  run->killed = true;
}

/// Reaps what has ended; false when nothing is left.
static bool reap(struct Run* run) {
  for (;;) {
    int status;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return pid == 0;
    if (pid != run->pid) {
      if (run->pid == 0) ++run->left_behind;
      continue;
    }
    run->pid = 0;
    tell(kWaybillExited, status, 0);
    const int64_t linger_until = micros_of(CLOCK_MONOTONIC) + run->linger;
    if (linger_until < run->kill_at) run->kill_at = linger_until;
  }
}

/// Whether what the program is to begin has not begun.
static bool is_box_new(void) {
  struct WaybillBox box;
  return pread(kWaybillGivenFd, &box, sizeof box, 0) == (ssize_t)sizeof box &&
         box.state == kWaybillBoxNew;
}

/// Asks what runs to end by itself.
static void ask_to_end(const struct Run* run) {
  if (!run->tells && !run->passes_on) {
    signal_children(run->scans, SIGTERM);
    return;
  }
  // Before the look at the box: what begins after it finds this.
  if (run->tells && write(run->lifeline, "T", 1) != 1) errno = 0;  // nobody is left to hear it
  if (!run->passes_on || run->pid <= 0) return;
  if (!run->tells || is_box_new()) kill(run->pid, SIGTERM);
}

static void obey(struct Run* run) {
  struct WaybillStop stop;
  const ssize_t got = recv(kWaybillControlFd, &stop, sizeof stop, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got != (ssize_t)sizeof stop) {  // the worker is gone
    run->kill_at = 0;
    return;
  }
  const int64_t kill_at = micros_of(CLOCK_MONOTONIC) + stop.grace_micros;
  if (kill_at < run->kill_at) run->kill_at = kill_at;
  if (run->killed || stop.grace_micros <= 0) return;
  ask_to_end(run);
  tell(kWaybillSignalled, 0, 0);
}

static void supervise(struct Run* run, const sigset_t* unblocked) {
  struct pollfd control = {.fd = kWaybillControlFd, .events = POLLIN};
  while (reap(run)) {
    int64_t now = micros_of(CLOCK_MONOTONIC);
    if (now >= run->kill_at) kill_all(run);
    const int64_t wait = run->killed              ? kRoundMicros
                         : run->kill_at == kNever ? kNever
                                                  : run->kill_at - now;
    const struct timespec timeout = {.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};
    // SIGCHLD interrupts this wait and nothing else.
    const int ready = ppoll(&control, 1, wait == kNever ? NULL : &timeout, unblocked);
    if (ready > 0) obey(run);
    // A worker that is gone needs no second look.
    if (ready > 0 && run->kill_at == 0) control.fd = -1;
  }
}

/// Runs the program that cleans up, if there is one, and waits until nothing of it is left either.
static void clean_up(const struct Run* run) {
  char* program[32] = {NULL};
  size_t count = 0;
  char** next = run->options;
  const char* argument;
  while (count < 31 && (argument = option(run, "finally=", &next)) != NULL) {
    program[count++] = (char*)argument;
  }
  if (count == 0) return;
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    for (int fd = 0; fd <= kWaybillReportFd; ++fd) {
      if (open("/dev/null", O_RDWR) < 0) _exit(127);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(program[0], program);
    _exit(127);
  }
  const int64_t until = micros_of(CLOCK_MONOTONIC) + kFinallyMicros;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  int status = 127 << 8;
  for (;;) {
    int one;
    const pid_t reaped = waitpid(-1, &one, WNOHANG);
    if (reaped == pid) status = one;
    if (reaped > 0 || (reaped < 0 && errno == EINTR)) continue;
    if (reaped < 0) break;
    const bool late = micros_of(CLOCK_MONOTONIC) > until;
    if (late) signal_children(run->scans, SIGKILL);
    const struct timespec wait = {.tv_sec = late ? 0 : 1, .tv_nsec = late ? 2000000 : 0};
    sigtimedwait(&child, NULL, &wait);
  }
  tell(kWaybillCleared, status, 0);
}

static void on_child(int number) { (void)number; }

/// Own session, adopts orphans, deaf to all but its children's ends and the worker.
static void become_supervisor(bool gives, sigset_t* unblocked) {
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "waybill-run");
  close_range(kWaybillGivenFd + (gives ? 1 : 0), ~0U, 0);
  fcntl(kWaybillControlFd, F_SETFD, FD_CLOEXEC);
  if (gives) fcntl(kWaybillGivenFd, F_SETFD, FD_CLOEXEC);
  sigset_t blocked;
  sigfillset(&blocked);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  const struct sigaction action = {.sa_handler = on_child};
  sigaction(SIGCHLD, &action, NULL);
  *unblocked = blocked;
  sigdelset(unblocked, SIGCHLD);
}

/// The number of an option; `otherwise` without it.
static int64_t number_of(const struct Run* run, const char* name, int64_t otherwise) {
  char** next = run->options;
  const char* text = option(run, name, &next);
  return text != NULL ? strtoll(text, NULL, 10) : otherwise;
}

static bool has(const struct Run* run, const char* name) {
  char** next = run->options;
  return option(run, name, &next) != NULL;
}

/// What the options say of the run itself; false after having told what of it can't be.
static bool read_options(struct Run* run) {
  run->scans = has(run, "children=scan");
  run->passes_on = has(run, "passes_on=");
  run->tells = has(run, "tells=");
  run->own_pids = has(run, "pids=own");
  run->linger = number_of(run, "linger=", kLingerMicros);
  const int64_t time = number_of(run, "time=", 0);
  if (time > 0) run->kill_at = micros_of(CLOCK_MONOTONIC) + time;
  if (has(run, "lifeline=") && !open_lifeline(&run->lifeline, &run->lifeline_end)) {
    tell(kWaybillNotStarted, errno, kWaybillStageFork);
    return false;
  }
  char** next = run->options;
  const char* cgroup = option(run, "cgroup=", &next);
  if (cgroup == NULL) return true;
  run->cgroup_fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (run->cgroup_fd >= 0) return true;
  tell(kWaybillNotStarted, errno, kWaybillStageCgroup);
  return false;
}

int main(int count, char** arguments) {
  struct Run run = {.options = arguments + 1,
                    .cgroup_fd = -1,
                    .kill_at = kNever,
                    .lifeline = -1,
                    .lifeline_end = -1};
  for (run.options_end = run.options; *run.options_end != NULL; ++run.options_end) {
    if (strcmp(*run.options_end, "--") == 0) break;
  }
  run.program = run.options_end + 1;
  if (run.options_end >= arguments + count - 1) return 64;
  run.gives = has(&run, "give=");
  sigset_t unblocked;
  become_supervisor(run.gives, &unblocked);
  if (!read_options(&run)) return 1;
  const int scratch = mount_scratch(run.options, run.options_end);
  if (scratch == -2) {
    tell(kWaybillNotStarted, errno, kWaybillStageMount);
    return 1;
  }
  if (scratch >= 0) {
    tell_with(scratch, kWaybillMounted, 0, 0);
    close(scratch);
  }
  if (!start_program(&run)) return 1;
  // The program holds these; when all that do have ended, the worker must see the end of the pipes.
  for (int fd = 0; fd <= kWaybillReportFd; ++fd) close(fd);
  if (run.gives && !run.tells) close(kWaybillGivenFd);
  if (run.lifeline_end >= 0) close(run.lifeline_end);
  supervise(&run, &unblocked);
  clean_up(&run);
  tell(kWaybillEnded, run.left_behind, 0);
  return 0;
}
