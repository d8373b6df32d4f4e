#include "services/parallel.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "services/guarded_thread.h"

namespace waybill {

void in_parallel(std::size_t count, std::size_t threads_max,
                 const std::function<void(std::size_t)>& each) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) each(i);
  };
  const std::size_t threads = std::min(count, threads_max);
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) {
    others.push_back(guarded_thread("parallel", [&](const std::stop_token&) { work(); }));
  }
  work();
}

}  // namespace waybill
