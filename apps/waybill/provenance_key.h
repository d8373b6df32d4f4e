#pragma once

#include <string>
#include <vector>

#include "base/ed25519.h"
#include "base/result.h"
#include "core/config.h"

namespace waybill::cli {

/// Where the keys that sign provenance are: --provenance-key-file, or a file in --data.
std::string provenance_key_path(const Config& config);

/// The keys of that file: the first signs, the others did before. Where no file is named and there
/// is none in --data, one is made with a new key, for its owner alone; of several processes that do
/// so at once all get the same. A file that others may read is refused. This process's memory is
/// hidden from others of the same user from then on.
Result<std::vector<SigningKey>> read_provenance_keys(const Config& config);

}  // namespace waybill::cli
