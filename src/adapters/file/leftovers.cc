#include "adapters/file/leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "adapters/file/object_file.h"
#include "adapters/file/object_key.h"
#include "base/log.h"

namespace waybill {
namespace {

constexpr Duration kStaleAfter = std::chrono::hours(24);
constexpr Duration kSweepEvery = std::chrono::hours(24);
/// Directories that are remembered; a bucket may have one for each batch.
constexpr std::size_t kSweptMax = 4096;

struct CloseSweptDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool is_leftover(const FileDescriptor& directory, const char* name, Time now) {
  struct stat status {};
  if (::fstatat(directory.get(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const Time written(std::chrono::seconds(status.st_mtim.tv_sec));
  return S_ISREG(status.st_mode) && now - written > kStaleAfter;
}

}  // namespace

void Leftovers::sweep(const FileDescriptor& directory, const std::string& path) {
  if (!is_due(directory, clock_.steady_now())) return;
  const auto keep = [&](int error) {
    log::warn("leftovers_kept", "half-written files of killed writers cannot be removed",
              {{"directory", path}, {"error", system_error(error, "removing").message}});
  };
  FileDescriptor again = open_below(directory, ".");  // reading moves a descriptor's position
  if (!again.is_open()) return keep(errno);
  const std::unique_ptr<DIR, CloseSweptDirectory> names(::fdopendir(again.get()));
  if (!names) return keep(errno);
  again.release();
  const Time now = clock_.now();
  while (const dirent* entry = ::readdir(names.get())) {
    if (!std::string_view(entry->d_name).starts_with(kUnfinishedPrefix)) continue;
    if (!is_leftover(directory, entry->d_name, now)) continue;
    if (::unlinkat(directory.get(), entry->d_name, 0) != 0 && errno != ENOENT) return keep(errno);
  }
}

bool Leftovers::is_due(const FileDescriptor& directory, SteadyTime now) {
  struct stat status {};
  if (::fstat(directory.get(), &status) != 0) return false;
  const Lock lock(mutex_);
  if (swept_.size() == kSweptMax) swept_.clear();
  const auto [swept, is_new] = swept_.try_emplace({status.st_dev, status.st_ino}, now);
  if (!is_new && now - swept->second < kSweepEvery) return false;
  swept->second = now;
  return true;
}

}  // namespace waybill
