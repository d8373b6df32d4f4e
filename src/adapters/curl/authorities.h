#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace waybill {

/// What the files hold, one after another. `invalid_argument` names one that cannot be read or
/// holds no certificate in PEM form.
Result<std::string> read_authorities(const std::vector<std::string>& files);

}  // namespace waybill
