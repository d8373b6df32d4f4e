#pragma once

#include <memory>
#include <string>

#include "core/config.h"
#include "ports/artifact_store.h"
#include "ports/clock.h"

namespace waybill::cli {

/// The store of contents that the setting `artifact_store` names: a directory, or a bucket under
/// the clouds' own environment. No request is made for that. `invalid_argument` for a URL that is
/// none; the clock outlives it.
Result<std::unique_ptr<ArtifactStore>> open_artifact_store(const Config& config, Clock& clock);

/// The directory of those contents; empty: they are in a bucket.
Result<std::string> artifact_directory(const Config& config);

/// Where pieces wait that workers of `--server` send.
inline std::string uploads_directory(const Config& config) {
  return config.data + "/artifacts/uploads";
}

}  // namespace waybill::cli
