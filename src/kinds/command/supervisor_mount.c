#define _GNU_SOURCE

#include "supervisor_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* value_of(const char* option, const char* name) {
  const size_t length = strlen(name);
  return strncmp(option, name, length) == 0 ? option + length : NULL;
}

/// Mounts the file system in a file, by a loop device that is free again when it is unmounted. -1:
/// errno says what failed.
static int mount_file(const char* path, const char* directory) {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return -1;
  const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  int result = -1;
  // Another process may take what was free a moment ago.
  for (int tries = 0; control >= 0 && tries < 1000; ++tries) {
    const int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) break;
    char name[32];
    snprintf(name, sizeof name, "/dev/loop%d", number);
    const int device = open(name, O_RDWR | O_CLOEXEC);
    if (device < 0) break;
    const struct loop_config config = {.fd = (uint32_t)file,
                                       .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
    const bool taken = ioctl(device, LOOP_CONFIGURE, &config) == 0;
    if (taken) result = mount(name, directory, "ext4", MS_NODEV, NULL);
    const int error = errno;
    close(device);
    errno = error;
    if (taken || errno != EBUSY) break;
  }
  const int error = errno;
  if (control >= 0) close(control);
  close(file);
  errno = error;
  return result;
}

int mount_scratch(char** options, char** options_end) {
  const char* directory = NULL;
  const char* data = NULL;
  const char* disk = NULL;
  const char* disk_at = NULL;
  uid_t user = 0;
  gid_t group = 0;
  for (char** at = options; at != options_end; ++at) {
    const char* value;
    if ((value = value_of(*at, "tmpfs=")) != NULL) directory = value;
    if ((value = value_of(*at, "disk=")) != NULL) disk = value;
    if ((value = value_of(*at, "disk_at=")) != NULL) disk_at = value;
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
  if (disk != NULL && disk_at != NULL && mount_file(disk, disk_at) != 0) {
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

bool enter_own_pids(void) {
  return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
         mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0;
}
