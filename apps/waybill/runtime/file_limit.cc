#include "apps/waybill/runtime/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/log.h"

namespace waybill::cli {
namespace {

constexpr std::size_t kFilesOfOthers = 256;
constexpr std::size_t kConnectionsMin = 16;

}  // namespace

unsigned connections_within_files(unsigned wanted) {
  const std::size_t files = wanted + kFilesOfOthers;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= files) return wanted;
  const rlimit raised{.rlim_cur = std::min<rlim_t>(files, limit.rlim_max),
                      .rlim_max = limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  if (limit.rlim_cur >= files) return wanted;
  const std::size_t left = limit.rlim_cur > kFilesOfOthers ? limit.rlim_cur - kFilesOfOthers : 0;
  const auto taken = static_cast<unsigned>(std::max(kConnectionsMin, left));
  log::warn("few_files", "fewer connections are taken than usual; `ulimit -Hn` says why",
            {{"connections", taken}, {"files", static_cast<std::uint64_t>(limit.rlim_cur)}});
  return taken;
}

}  // namespace waybill::cli
