#pragma once

#include <cstddef>
#include <string>

namespace waybill {

/// Bytes that nobody can guess, from the kernel: for secrets. Rng is for everything else.
std::string system_random_bytes(std::size_t count);

}  // namespace waybill
