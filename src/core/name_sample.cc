#include "core/name_sample.h"

#include <iterator>
#include <tuple>

namespace waybill {

void NameSample::add(std::string_view text, std::uint8_t of) {
  if (kept_.size() == kKeptMax) {
    const Name& last = *kept_.rbegin();
    const bool is_larger = std::tuple(text, of) > std::tuple(std::string_view(last.text), last.of);
    if (is_larger) {
      ++count_;
      return;
    }
  }
  if (!kept_.insert({.text = std::string(text), .of = of}).second) return;
  ++count_;
  if (kept_.size() > kKeptMax) kept_.erase(std::prev(kept_.end()));
}

}  // namespace waybill
