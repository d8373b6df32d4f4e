#pragma once

#include <span>
#include <string>
#include <string_view>

namespace waybill {

/// `; did you mean "nearest"?` for the known word that is nearest to `word`, or "" if none is near
/// (edit distance over a third of its length). To be put behind an error message.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace waybill
