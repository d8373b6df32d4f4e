#pragma once

#include "apps/waybill/store.h"
#include "base/result.h"
#include "core/config.h"
#include "services/disk_use.h"

namespace waybill::cli {

/// What the ledger takes, and what is left where its data and the contents of artifacts are.
Result<DiskUse> read_disk_use(const Config& config, Store& store);

}  // namespace waybill::cli
