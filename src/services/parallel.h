#pragma once

#include <cstddef>
#include <functional>

namespace waybill {

/// Calls `each` once for every index below `count`, on up to `threads_max` threads at a time, and
/// returns when all are done. With one index, or one thread, it is this thread.
void in_parallel(std::size_t count, std::size_t threads_max,
                 const std::function<void(std::size_t)>& each);

}  // namespace waybill
