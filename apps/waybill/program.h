#pragma once

#include <string>
#include <vector>

namespace waybill::cli {

/// Runs the program with these arguments (without its name) and answers its exit status.
int run_program(const std::vector<std::string>& arguments);

}  // namespace waybill::cli
