#include "adapters/curl/header_list.h"

#include <curl/curl.h>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::string_view kType = "content-type";

}  // namespace

HeaderList::HeaderList() = default;
HeaderList::~HeaderList() = default;

void HeaderList::add(std::string_view name, std::string_view between, std::string_view value) {
  begins_.push_back(text_.size());
  text_.append(name).append(between).append(value);
  text_ += '\0';
}

curl_slist* HeaderList::of(const HttpRequest& request) {
  text_.clear();
  begins_.clear();
  bool has_type = false;
  add("Expect", ":", "");
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || (name.size() == kType.size() && to_lower(name) == kType);
    add(name, value.empty() ? ";" : ": ", value);
  }
  // Else libcurl calls every body a form.
  if (!has_type) add("Content-Type", ":", "");
  if (room_ < begins_.size()) {
    room_ = 2 * begins_.size();
    lines_ = std::make_unique<curl_slist[]>(room_);
  }
  for (std::size_t i = 0; i < begins_.size(); ++i) {
    const bool is_last = i + 1 == begins_.size();
    lines_[i] = {.data = text_.data() + begins_[i], .next = is_last ? nullptr : &lines_[i + 1]};
  }
  return lines_.get();
}

}  // namespace waybill
