#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace waybill {

/// Calls `each` once for every index below `count`, on up to `threads_max` threads at a time, and
/// returns when all are done. With one index, or one thread, it is this thread.
void in_parallel(std::size_t count, std::size_t threads_max,
                 const std::function<void(std::size_t)>& each);

/// How long a call took, as whoever made it sees it.
enum class Pace : std::uint8_t { quick, slow };

struct GrowingThreads {
  std::size_t first = 1;  ///< threads to begin with
  std::size_t most = 1;
};

/// The same on as many threads as it takes: each call that was slow, because others are waited for,
/// adds two. Many threads that are answered at once only cost.
void in_growing_parallel(std::size_t count, const GrowingThreads& threads,
                         const std::function<Pace(std::size_t)>& each);

}  // namespace waybill
