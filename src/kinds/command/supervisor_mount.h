#pragma once

// A bounded scratch directory of one run: a tmpfs in a mount namespace of the supervisor's own, so
// that it is gone with the last process that was in there, however that ended.

/// From options of the supervisor: tmpfs=DIRECTORY, tmpfs_options=…, owner=UID:GID any number of
/// make=NAME, directories in it; bind_from=DIRECTORY and bind_to=DIRECTORY, by which name it is
/// known too, in here alone; and network=none, which leaves the runtime itself no network. An open
/// descriptor of it, by which it can be read for as long as that is held; -1: none was asked for;
/// -2: errno says what failed.
int mount_scratch(char** options, char** options_end);
