#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

int64_t micros_of(clockid_t clock);
/// Tells the worker of an event, with a descriptor if it is not negative. The worker may be gone.
void tell_with(int descriptor, uint32_t event, int32_t value, uint32_t stage);
void tell(uint32_t event, int32_t value, uint32_t stage);

/// A pipe from the supervisor to the program: it ends when the supervisor does. False: see errno.
bool open_lifeline(int* ours, int* theirs);
