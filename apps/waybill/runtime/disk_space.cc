#include "apps/waybill/runtime/disk_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "apps/waybill/runtime/artifact_place.h"
#include "base/file_descriptor.h"

namespace waybill::cli {
namespace {

Result<DiskSpace> read_space(const std::string& directory) {
  struct statvfs space {};
  if (::statvfs(directory.c_str(), &space) != 0) {
    return fail(system_error(errno, "reading the free space of " + directory));
  }
  const auto block = static_cast<std::int64_t>(space.f_frsize);
  return DiskSpace{.free_bytes = static_cast<std::int64_t>(space.f_bavail) * block,
                   .size_bytes = static_cast<std::int64_t>(space.f_blocks) * block};
}

/// Of a directory that may not be there yet: of where it will be made.
Result<DiskSpace> read_space_for(const std::string& directory) {
  std::error_code unknown;
  auto at = std::filesystem::absolute(directory, unknown);
  if (unknown) return read_space(directory);
  for (;; at = at.parent_path()) {
    auto space = read_space(at.string());
    const bool is_missing = !space && space.error().code == Code::not_found;
    if (!is_missing || at == at.root_path()) return space;
  }
}

}  // namespace

Result<DiskUse> read_disk_use(const Config& config, Store& store) {
  DiskUse use{.data = {}, .artifacts = {}, .is_ledger_here = !is_on_postgres(config)};
  const auto data = read_space(config.data);
  if (!data) return fail(data.error());
  use.data = *data;
  const auto directory = artifact_directory(config);
  if (!directory) return fail(directory.error());
  if (!directory->empty()) {
    const auto artifacts = read_space_for(*directory);
    if (!artifacts) return fail(artifacts.error());
    use.artifacts = *artifacts;
  }
  const auto ledger = store.admin().size_bytes();
  if (!ledger) return fail(ledger.error());
  use.ledger_bytes = *ledger;
  return use;
}

}  // namespace waybill::cli
