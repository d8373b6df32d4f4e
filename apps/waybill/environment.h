#pragma once

#include <map>
#include <string>

namespace waybill::cli {

using Variables = std::map<std::string, std::string>;

/// The variables that this process was started with.
Variables process_environment();

/// A variable's value; empty if it is not set.
std::string variable_in(const Variables& environment, const std::string& name);

}  // namespace waybill::cli
