#pragma once

#include <string>

#include "ports/artifact_store.h"

namespace waybill {

/// The file `ledger` in the directory of a store of contents. Errors as ArtifactStore::owner.
Result<StoreOwner> read_store_owner(const std::string& directory);
/// Errors as ArtifactStore::set_owner. The directory is there.
Status write_store_owner(const std::string& directory, const std::string& text, SetOwner how);

}  // namespace waybill
