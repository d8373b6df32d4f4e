#pragma once

#include <string>

namespace waybill::cli {

/// Who runs this: recorded in histories. The login name, or `uid-1000` where there is none.
std::string user_name();

}  // namespace waybill::cli
