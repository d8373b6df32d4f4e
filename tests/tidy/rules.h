#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/tidy/source.h"

namespace waybill::tidy {

/// A place that breaks a rule of the house.
struct Finding {
  std::string rule;  ///< stable name, e.g. "function-length"
  std::string path;
  std::size_t line = 0;
  std::size_t amount = 1;  ///< what the ratchet adds up: 1, or the length that is over its limit
  std::string message;     ///< what is wrong, and what to do instead
};
using Findings = std::vector<Finding>;

/// Who may include whom, and where third-party headers may stand.
void check_includes(const Source& source, Findings& findings);
/// Lengths of files, functions and lines; the width of interfaces.
void check_sizes(const Source& source, Findings& findings);
/// Words that may not stand in code, or only in certain folders.
void check_words(const Source& source, Findings& findings);

/// Documents and schemas that a file names, by their path from the top, are there.
void check_references(const Source& source, const std::set<std::string>& paths, Findings& findings);

/// All of the rules over all of the sources.
Findings check_all(const std::vector<Source>& sources);

/// "path:line: rule: message".
std::string to_string(const Finding& finding);

}  // namespace waybill::tidy
