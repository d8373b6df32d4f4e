#pragma once

#include <string_view>

namespace waybill {

/// Whether a path that is joined to a directory stays below it: relative, with no part `..`.
bool stays_below(std::string_view path);

}  // namespace waybill
