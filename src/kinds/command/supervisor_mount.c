#define _GNU_SOURCE

#include "supervisor_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* value_of(const char* option, const char* name) {
  const size_t length = strlen(name);
  return strncmp(option, name, length) == 0 ? option + length : NULL;
}

int mount_scratch(char** options, char** options_end) {
  const char* directory = NULL;
  const char* data = NULL;
  const char* bind_from = NULL;
  const char* bind_to = NULL;
  uid_t user = 0;
  gid_t group = 0;
  for (char** at = options; at != options_end; ++at) {
    const char* value;
    if ((value = value_of(*at, "tmpfs=")) != NULL) directory = value;
    if ((value = value_of(*at, "bind_from=")) != NULL) bind_from = value;
    if ((value = value_of(*at, "bind_to=")) != NULL) bind_to = value;
    if ((value = value_of(*at, "tmpfs_options=")) != NULL) data = value;
    if (value_of(*at, "network=none") != NULL && unshare(CLONE_NEWNET) != 0) return -2;
    if ((value = value_of(*at, "owner=")) != NULL) {
      char* end = NULL;
      user = (uid_t)strtoul(value, &end, 10);
      group = (gid_t)strtoul(end + 1, NULL, 10);
    }
  }
  if (directory == NULL) return -1;
  // Mounts of the machine still come in here; none of ours goes out.
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0 ||
      mount("waybill", directory, "tmpfs", MS_NOSUID | MS_NODEV, data) != 0) {
    return -2;
  }
  if (bind_from != NULL && bind_to != NULL && mount(bind_from, bind_to, NULL, MS_BIND, NULL) != 0) {
    return -2;
  }
  const int scratch = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (scratch < 0) return -2;
  for (char** at = options; at != options_end; ++at) {
    const char* name = value_of(*at, "make=");
    if (name == NULL) continue;
    if (mkdirat(scratch, name, 0700) != 0 || fchownat(scratch, name, user, group, 0) != 0) {
      return -2;
    }
  }
  return scratch;
}
