#pragma once

#include <stdbool.h>

/// Sends a signal to each child, which is the program or was adopted, and to all of its group. What
/// they have started becomes ours when they end. A group is never a stranger's: the program was
/// given a session of its own, and a child that is not reaped keeps its number. `scan`: looks for
/// them among all processes, as if the kernel kept no list.
void signal_children(bool scan, int number);
