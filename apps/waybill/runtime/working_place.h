#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "apps/waybill/session.h"
#include "base/result.h"

namespace waybill::cli {

/// A directory that was asked for with --data, or else one in TMPDIR that goes with this process.
class WorkingPlace {
 public:
  /// Makes it, for its owner alone. Errors name the directory and what to do.
  static Result<std::unique_ptr<WorkingPlace>> open(Session& session);
  enum class Kept : std::uint8_t { kept, temporary };
  /// For open(): the directory is there.
  WorkingPlace(std::string directory, Kept kept);
  ~WorkingPlace();
  WorkingPlace(const WorkingPlace&) = delete;
  WorkingPlace& operator=(const WorkingPlace&) = delete;

  /// Absolute, because programs run in other directories.
  const std::string& directory() const { return directory_; }
  bool kept() const { return kept_ == Kept::kept; }

 private:
  const std::string directory_;
  const Kept kept_;
};

}  // namespace waybill::cli
