#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace waybill {

/// What the files hold, and those of the directories, one after another. `invalid_argument` names
/// a file that cannot be read or holds no certificate in PEM form. A directory that has none, or is
/// not there, is told of in the log and passed over.
Result<std::string> read_authorities(const std::vector<std::string>& files,
                                     const std::vector<std::string>& directories);

}  // namespace waybill
