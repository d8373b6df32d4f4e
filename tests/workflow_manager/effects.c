/* Preloaded into a program: counts what it does to files, and kills it at one of these calls.
 *
 * Counted are writes to regular files, fsync, fdatasync, opening for writing, rename, link, unlink,
 * ftruncate and mkdir; in the file that EFFECTS names, which outlives the program: a number
 * of 8 bytes, then a letter for each call. EFFECTS_KILL_AT=N sends SIGKILL at the N-th,
 * counted from 1, EFFECTS_KILL=before, after, or torn: after the first half of a write.
 * EFFECTS_LOSE=TEXT plants a fault: writes to files whose path holds TEXT do nothing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { kLettersMax = 65528 };

struct Record {
  _Atomic unsigned long count;
  char letters[kLettersMax];
};

static struct Record* record;
static unsigned long kill_at;
static enum { kBefore, kAfter, kTorn } kill_when;
static const char* lose;

#define REAL(name) (__extension__(__typeof__(&name)) real(#name))

static void* real(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("EFFECTS");
  if (path == NULL) return;
  const int fd = REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || REAL(ftruncate)(fd, sizeof(struct Record)) != 0) abort();
  void* memory = mmap(NULL, sizeof(struct Record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) abort();
  close(fd);
  const char* at = getenv("EFFECTS_KILL_AT");
  const char* when = getenv("EFFECTS_KILL");
  kill_at = at == NULL ? 0 : strtoul(at, NULL, 10);
  if (when != NULL && strcmp(when, "after") == 0) kill_when = kAfter;
  if (when != NULL && strcmp(when, "torn") == 0) kill_when = kTorn;
  lose = getenv("EFFECTS_LOSE");
  record = memory; /* at last: calls before this are this function's own */
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Whether this call is the last. */
static int is_last(char letter) {
  if (record == NULL) return 0;
  const unsigned long number = atomic_fetch_add(&record->count, 1) + 1;
  if (number <= kLettersMax) record->letters[number - 1] = letter;
  const int last = number == kill_at;
  if (last && kill_when == kBefore) die();
  return last;
}

static int is_file(int fd) {
  struct stat status;
  return record != NULL && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static int is_lost(int fd) {
  char link[64];
  char path[4096];
  if (lose == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = '\0';
  return strstr(path, lose) != NULL;
}

/* A write that may be torn or lost; `part` carries out so many bytes of it. */
#define WRITE(fd, bytes, part)                                            \
  if (!is_file(fd)) {                                                     \
    const size_t size = (bytes);                                          \
    return part;                                                          \
  }                                                                       \
  const int last = is_last('w');                                          \
  const size_t size = last && kill_when == kTorn ? (bytes) / 2 : (bytes); \
  const ssize_t done = is_lost(fd) ? (ssize_t)(bytes) : part;             \
  if (last) die();                                                        \
  return done

/* Any other call. */
#define CALL(letter, call)          \
  const int last = is_last(letter); \
  const int done = call;            \
  if (last) die();                  \
  return done

ssize_t write(int fd, const void* data, size_t bytes) {
  WRITE(fd, bytes, REAL(write)(fd, data, size));
}
ssize_t pwrite(int fd, const void* data, size_t bytes, off_t at) {
  WRITE(fd, bytes, REAL(pwrite)(fd, data, size, at));
}
ssize_t pwrite64(int fd, const void* data, size_t bytes, off64_t at) {
  WRITE(fd, bytes, REAL(pwrite64)(fd, data, size, at));
}
/* Gathered writes are torn after the first piece. */
ssize_t writev(int fd, const struct iovec* pieces, int count) {
  WRITE(fd, (size_t)count, REAL(writev)(fd, pieces, (int)size));
}

int fsync(int fd) { CALL('s', REAL(fsync)(fd)); }
int fdatasync(int fd) { CALL('d', REAL(fdatasync)(fd)); }
int ftruncate(int fd, off_t size) { CALL('t', REAL(ftruncate)(fd, size)); }
int ftruncate64(int fd, off64_t size) { CALL('t', REAL(ftruncate64)(fd, size)); }
int rename(const char* from, const char* to) { CALL('r', REAL(rename)(from, to)); }
int renameat(int from_fd, const char* from, int to_fd, const char* to) {
  CALL('r', REAL(renameat)(from_fd, from, to_fd, to));
}
int renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags) {
  CALL('r', REAL(renameat2)(from_fd, from, to_fd, to, flags));
}
int link(const char* from, const char* to) { CALL('l', REAL(link)(from, to)); }
int linkat(int from_fd, const char* from, int to_fd, const char* to, int flags) {
  CALL('l', REAL(linkat)(from_fd, from, to_fd, to, flags));
}
int unlink(const char* path) { CALL('u', REAL(unlink)(path)); }
int unlinkat(int fd, const char* path, int flags) { CALL('u', REAL(unlinkat)(fd, path, flags)); }
int mkdir(const char* path, mode_t mode) { CALL('m', REAL(mkdir)(path, mode)); }
int mkdirat(int fd, const char* path, mode_t mode) { CALL('m', REAL(mkdirat)(fd, path, mode)); }

static mode_t mode_in(int flags, va_list rest) {
  return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
}

/* Opening to read changes nothing. */
#define OPEN(flags, call)                                                     \
  va_list rest;                                                               \
  va_start(rest, flags);                                                      \
  const mode_t mode = mode_in(flags, rest);                                   \
  va_end(rest);                                                               \
  if ((flags & O_ACCMODE) == O_RDONLY && (flags & O_CREAT) == 0) return call; \
  CALL('o', call)

int open(const char* path, int flags, ...) { OPEN(flags, REAL(open)(path, flags, mode)); }
int open64(const char* path, int flags, ...) { OPEN(flags, REAL(open64)(path, flags, mode)); }
int openat(int fd, const char* path, int flags, ...) {
  OPEN(flags, REAL(openat)(fd, path, flags, mode));
}
int openat64(int fd, const char* path, int flags, ...) {
  OPEN(flags, REAL(openat64)(fd, path, flags, mode));
}
