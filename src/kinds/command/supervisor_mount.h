#pragma once

#include <stdbool.h>

// A bounded scratch directory of one run: a tmpfs in a mount namespace of the supervisor's own, so
// that it is gone with the last process that was in there, however that ended.

/// From options of the supervisor: tmpfs=DIRECTORY, tmpfs_options=…, owner=UID:GID any number of
/// make=NAME, directories in it; disk=FILE, which has a file system in it, and disk_at=DIRECTORY,
/// where that is found, in here alone; and network=none, which leaves the runtime itself no
/// network. An open descriptor of it, by which it can be read for as long as that is held; -1: none
/// was asked for; -2: errno says what failed.
int mount_scratch(char** options, char** options_end);

/// For process 1 of a namespace: its processes alone are to be seen in /proc. False: see errno.
bool enter_own_pids(void);
