#include "core/secret_mask.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/base64.h"
#include "base/json.h"
#include "core/secret_forms.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// What of base64 is the same wherever the value stands: `before` is the number of bytes (modulo 3)
/// that come before it.
std::string inner_base64(std::string_view value, std::size_t before) {
  std::string text = to_base64(std::string(before, '\0') + std::string(value));
  const std::size_t whole = (before + value.size()) * 8 / 6;  // digits that nothing later changes
  const std::size_t shared = (before * 8 + 5) / 6;            // digits that what is before changes
  return whole > shared ? text.substr(shared, whole - shared) : std::string();
}

std::string to_url_alphabet(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

/// The value with the text of each string, name and number in it masked.
bj::value masked_value(const bj::value& value, const SecretMask& mask) {
  if (const bj::object* object = value.if_object()) {
    bj::object out;
    for (const auto& member : *object) {
      out[mask.mask(std::string_view(member.key()))] = masked_value(member.value(), mask);
    }
    return out;
  }
  if (const bj::array* array = value.if_array()) {
    bj::array out;
    for (const bj::value& item : *array) out.push_back(masked_value(item, mask));
    return out;
  }
  if (const bj::string* text = value.if_string()) {
    return json::text(mask.mask(std::string_view(*text)));
  }
  const std::string text = json::serialize(value);
  return mask.mask(text) == text ? value : bj::value(json::text(kMasked));
}

}  // namespace

void SecretMask::add(std::string_view value) {
  if (value.size() < kMaskBytesMin) return;
  add_needle(value);
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string inner = inner_base64(value, before);
    add_needle(inner);
    add_needle(to_url_alphabet(inner));
  }
  const std::string base64 = to_base64(value);
  add_needle(base64);
  add_needle(to_base64url(value));
  for (const std::string& form : percent_forms(value)) add_needle(form);
  for (const std::string& form : json_forms(value)) add_needle(form);
}

void SecretMask::add_needle(std::string_view text) {
  if (text.size() < kMaskBytesMin) return;
  if (std::ranges::find(needles_, text) == needles_.end()) needles_.emplace_back(text);
}

std::vector<bool> SecretMask::cover(std::string_view text) const {
  std::vector<bool> covered(text.size());
  for (const std::string& needle : needles_) {
    for (std::size_t at = text.find(needle); at != text.npos; at = text.find(needle, at + 1)) {
      std::fill_n(covered.begin() + static_cast<std::ptrdiff_t>(at), needle.size(), true);
    }
  }
  return covered;
}

std::size_t SecretMask::begun(std::string_view text) const {
  std::size_t longest = 0;
  for (const std::string& needle : needles_) {
    for (std::size_t size = std::min(needle.size() - 1, text.size()); size > longest; --size) {
      if (!text.ends_with(std::string_view(needle).substr(0, size))) continue;
      longest = size;
    }
  }
  return longest;
}

std::string SecretMask::mask(std::string_view text) const {
  MaskedStream stream;
  const std::string all = stream.add(*this, text);
  // Nothing is cut off here: what only begins as a value does stays.
  return all + stream.put_out(cover(stream.held_), stream.held_.size());
}

std::string SecretMask::mask_json(std::string_view text) const {
  if (empty() || mask(text) == text) return std::string(text);
  const auto value = json::parse(text);
  if (value) {
    std::string out = json::serialize(masked_value(*value, *this));
    if (mask(out) == out) return out;
  }
  return R"({"masked":"***"})";
}

std::string MaskedStream::put_out(const std::vector<bool>& covered, std::size_t until) {
  std::string out;
  for (std::size_t i = 0; i < until; ++i) {
    const bool hide = covered[i] || i < held_covered_;
    if (!hide) out += held_[i];
    if (hide && !in_mask_) out += kMasked;
    in_mask_ = hide;
  }
  return out;
}

std::string MaskedStream::add(const SecretMask& mask, std::string_view bytes) {
  held_ += bytes;
  const std::vector<bool> covered = mask.cover(held_);
  const std::size_t until = held_.size() - mask.begun(held_);
  std::string out = put_out(covered, until);
  std::size_t still = until;
  while (still < held_.size() && (covered[still] || still < held_covered_)) ++still;
  held_covered_ = still - until;
  held_.erase(0, until);
  return out;
}

std::string MaskedStream::finish(const SecretMask& mask) {
  std::vector<bool> covered = mask.cover(held_);
  if (held_.size() >= kMaskBytesMin) covered.assign(covered.size(), true);
  std::string out = put_out(covered, held_.size());
  held_.clear();
  held_covered_ = 0;
  return out;
}

}  // namespace waybill
