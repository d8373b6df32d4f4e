#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace waybill {

/// `; did you mean "nearest"?` for the known word that is nearest to `word`, or "" if none is near
/// (edit distance over a third of its length). To be put behind an error message.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

/// did_you_mean for the first few words only: where much is wrong, the time would go into it.
class FewSuggestions {
 public:
  std::string operator()(std::string_view word, std::span<const std::string> known);

 private:
  std::size_t left_ = 10;
};

}  // namespace waybill
