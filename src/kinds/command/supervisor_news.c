#define _GNU_SOURCE

#include "supervisor_news.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "supervisor_protocol.h"

int64_t micros_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int64_t micros_of_use(struct timeval use) { return use.tv_sec * 1000000LL + use.tv_usec; }

void tell_with(int descriptor, uint32_t event, int32_t value, uint32_t stage) {
  struct rusage use;
  getrusage(RUSAGE_CHILDREN, &use);
  const struct WaybillNews news = {
      .event = event,
      .value = value,
      .at_micros = micros_of(CLOCK_REALTIME),
      .user_micros = micros_of_use(use.ru_utime),
      .system_micros = micros_of_use(use.ru_stime),
      .memory_peak_bytes = use.ru_maxrss * 1024LL,
      .stage = stage,
  };
  struct iovec bytes = {.iov_base = (void*)&news, .iov_len = sizeof news};
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } along = {.room = {0}};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
  if (descriptor >= 0) {
    message.msg_control = along.room;
    message.msg_controllen = sizeof along.room;
    struct cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  // The worker may be gone: then nobody listens, and there is still the killing to do.
  while (sendmsg(kWaybillControlFd, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

void tell(uint32_t event, int32_t value, uint32_t stage) { tell_with(-1, event, value, stage); }

bool open_lifeline(int* ours, int* theirs) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  // Above those that the program gets.
  *theirs = fcntl(ends[0], F_DUPFD_CLOEXEC, 10);
  *ours = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
  close(ends[0]);
  close(ends[1]);
  return *ours >= 0 && *theirs >= 0;
}
