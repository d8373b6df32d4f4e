#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/document.h"

namespace waybill {

/// Which version of a file holds.
struct PinnedFile {
  std::string commit;
  std::string tree;  ///< names the directory that it is kept in

  bool operator==(const PinnedFile&) const = default;
};

/// What is kept of a git source that is followed, so that it holds over restarts and without the
/// remote.
struct SourceState {
  std::string source;  ///< as it is written in the settings
  std::string commit;  ///< the latest that was fetched; empty: none yet
  std::string tree;
  std::vector<std::string> left_out;        ///< links and the like, which are not kept
  std::map<std::string, PinnedFile> files;  ///< those that hold, by name
  std::vector<Problem> problems;            ///< of the files at `commit`
  std::string error;                        ///< why the last look at the remote failed; empty: not
  Time checked_at{};                        ///< the last look at the remote, whatever came of it
  Time changed_at{};                        ///< when `commit` came

  bool is_well() const { return error.empty() && problems.empty(); }
  bool operator==(const SourceState&) const = default;
};

std::string source_state_to_json(const SourceState& state);
/// `data_loss` if the text is not what source_state_to_json writes.
Result<SourceState> read_source_state(std::string_view text);

}  // namespace waybill
