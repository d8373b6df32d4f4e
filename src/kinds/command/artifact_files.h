#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/artifact_shelf.h"

namespace waybill {

/// Where the program of a run finds room, below the scratch directory of its attempt.
struct RunPlaces {
  std::string scratch;    ///< WAYBILL_SCRATCH
  std::string artifacts;  ///< WAYBILL_ARTIFACTS
};
/// Makes both. `resource_exhausted` when the disk is full.
Result<RunPlaces> make_run_places(const std::string& directory);

/// What a program says of a file that it leaves behind, on WAYBILL_REPORT_FD.
struct ReportedArtifact {
  std::string path;        ///< below one of its places; a relative one begins at its scratch
  std::string name;        ///< empty: as the path, from the place on
  std::string media_type;  ///< empty: by its name
};

struct FoundArtifacts {
  std::vector<ArtifactFile> files;  ///< in the order of their names
  std::int64_t size_bytes = 0;
  /// Links, devices and other things that are no files, for people; the first 20.
  std::vector<std::string> passed_over;
};

/// Every regular file below WAYBILL_ARTIFACTS and those that were reported. To be called when
/// nothing of the program is left. No link is followed, wherever it stands, so nothing outside of
/// the places is ever opened. Errors: `invalid_argument` (a name that may not be, two of the same,
/// a reported file that is none or not in its places), `out_of_range` (more than kArtifactsMax, or
/// larger than `bytes_max` together), `permission_denied` (the program forbade it); others are the
/// disk's.
Result<FoundArtifacts> find_artifacts(const RunPlaces& places,
                                      std::span<const ReportedArtifact> reported,
                                      std::int64_t bytes_max);

}  // namespace waybill
