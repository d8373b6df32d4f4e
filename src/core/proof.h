#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// The proof of how a run was ended, for people: when it was signalled, killed and reaped, counted
/// from when that was asked for, how the program ended, and what it used. Text that is no such
/// proof comes back as it is.
std::string proof_in_words(std::string_view proof);

}  // namespace waybill
