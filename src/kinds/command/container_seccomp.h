#pragma once

#include <stdbool.h>

/// Takes from this process, and from all that it will start, the system calls that no program of a
/// container needs and that reach into the kernel or out of its namespaces. What is newer than this
/// list does not exist for them. False: errno says what failed, or there is no list for this
/// machine's architecture.
bool filter_system_calls(void);
