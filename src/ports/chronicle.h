#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// A pass of a scan, or several in a row that found the same.
struct ScanPass {
  std::string scan;
  std::int64_t number = 0;    ///< of its scan, from 1; the store gives it
  Time first_at{};            ///< as of when the first of them looked
  Time last_at{};             ///< and the last
  std::int64_t passes = 1;    ///< how many they are
  std::string error{};        ///< why it failed; the report is `{}` then
  std::string summary{"{}"};  ///< JSON object: what may differ between passes that found the same
  std::string report{"{}"};   ///< JSON object: what was found; `{}` in lists
};
inline constexpr std::size_t kPassesKept = 50;  ///< of each scan; older ones are dropped

/// A definition as it was from some moment on.
struct DefinitionVersion {
  std::string map;  ///< `tasks` or `pipelines`
  std::string name;
  std::int64_t number = 0;   ///< of its definition, from 1; the store gives it
  Time since{};              ///< when it was first held by a server
  std::string repository{};  ///< empty: of no repository
  std::string commit{};
  std::string file{};
  std::int64_t line = 0;
  std::string definition{"{}"};  ///< JSON object, as it is written
};
inline constexpr std::size_t kVersionsKept = 100;  ///< of each definition; older ones are dropped

struct PassQuery {
  std::string scan;
  std::int64_t before = INT64_MAX;  ///< by number: those before it, the newest first
  std::size_t limit = 100;
};
struct VersionQuery {
  std::string map;
  std::string name;
  std::int64_t before = INT64_MAX;  ///< likewise
  std::size_t limit = 100;
};

/// What scans found and what definitions said, kept to be looked at: nothing is decided by it. Kept
/// beside the ledger, by the same adapter. Thread-safe; durable when a call returns. Errors as for
/// Ledger.
class Chronicle {
 public:
  virtual ~Chronicle() = default;
  /// Adds a pass. One that says the same as the newest of its scan (error and report) is told by
  /// that: `last_at` and the summary are the newer ones then, and it counts one more.
  virtual Status keep_pass(const ScanPass& pass) = 0;
  /// The newest of each scan, by name; without reports.
  virtual Result<std::vector<ScanPass>> latest_passes() = 0;
  virtual Result<std::vector<ScanPass>> passes(const PassQuery& query) = 0;
  /// With its report. `not_found`: there is none, or it was dropped.
  virtual Result<ScanPass> pass(const std::string& scan, std::int64_t number) = 0;

  /// Adds those that say something else than the newest version of the same name; where it comes
  /// from makes no difference.
  virtual Status note_definitions(std::span<const DefinitionVersion> held) = 0;
  virtual Result<std::vector<DefinitionVersion>> versions(const VersionQuery& query) = 0;
};

/// What tells two passes, or two versions, apart: 32 bytes.
std::string digest_of(const ScanPass& pass);
std::string digest_of(const DefinitionVersion& version);
/// As stores say it.
tl::unexpected<Error> no_pass(const std::string& scan, std::int64_t number);

}  // namespace waybill
