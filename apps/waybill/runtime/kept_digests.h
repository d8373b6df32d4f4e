#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/result.h"

namespace waybill::cli {

/// Digests of files that never change, each made once, for as long as it is asked for: those that a
/// whole round has not asked for are forgotten, so that a server that follows a busy repository for
/// a year holds no more than its definitions name. Not thread-safe.
class KeptDigests {
 public:
  /// Errors as of digest_of_files; they are not kept.
  Result<std::string> of(const std::string& path);
  /// Forgets what was not asked for since the last call.
  void begin_round();
  std::size_t size() const { return asked_.size() + before_.size(); }

 private:
  std::map<std::string, std::string> asked_;   ///< in this round, by path
  std::map<std::string, std::string> before_;  ///< in the last one, and not in this one yet
};

}  // namespace waybill::cli
