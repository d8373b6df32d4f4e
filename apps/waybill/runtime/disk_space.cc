#include "apps/waybill/runtime/disk_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <string>

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

}  // namespace

Result<DiskUse> read_disk_use(const Config& config, Store& store) {
  DiskUse use{.data = {}, .artifacts = {}, .is_ledger_here = !is_on_postgres(config)};
  const auto data = read_space(config.data);
  if (!data) return fail(data.error());
  use.data = *data;
  const auto directory = artifact_directory(config);
  if (!directory) return fail(directory.error());
  if (!directory->empty()) {
    // Nothing may have been kept there yet: then it is where it will be made.
    const auto artifacts = read_space(*directory);
    use.artifacts = artifacts ? *artifacts : *data;
  }
  const auto ledger = store.admin().size_bytes();
  if (!ledger) return fail(ledger.error());
  use.ledger_bytes = *ledger;
  return use;
}

}  // namespace waybill::cli
