#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace waybill {

/// What stands where a secret's value stood.
inline constexpr std::string_view kMasked = "***";
/// A shorter value is not masked: half of all output would be.
inline constexpr std::size_t kMaskBytesMin = 4;

/// Finds the values of secrets in what a task says: as they are, in base64 (also in the middle of
/// something longer, as in Basic authentication), percent-encoded, and as they stand in a JSON
/// string (percent_forms(), json_forms()). What is encoded in another way, cut up or turned round
/// is not found.
class SecretMask {
 public:
  void add(std::string_view value);
  bool empty() const { return needles_.empty(); }

  /// The text with kMasked for each value.
  std::string mask(std::string_view text) const;
  /// The same for a JSON text, which stays JSON; `{"masked":"***"}` if nothing less would do.
  std::string mask_json(std::string_view text) const;

 private:
  friend class MaskedStream;

  void add_needle(std::string_view text);
  /// For each byte whether a needle covers it.
  std::vector<bool> cover(std::string_view text) const;
  /// How many bytes at the end of `text` may be the beginning of a needle: the longest such.
  std::size_t begun(std::string_view text) const;

  std::vector<std::string> needles_;
};

/// Masks text that comes in pieces: holds back what may be the beginning of a value until the next
/// piece tells.
class MaskedStream {
 public:
  /// What can be told by now of all that came. `mask` is the same in each call, but may grow.
  std::string add(const SecretMask& mask, std::string_view bytes);
  /// The rest. The beginning of a value, of kMaskBytesMin bytes or more, is masked too: its end may
  /// have been cut off.
  std::string finish(const SecretMask& mask);
  bool holds_back() const { return !held_.empty(); }

 private:
  friend class SecretMask;

  std::string put_out(const std::vector<bool>& covered, std::size_t until);

  std::string held_;
  std::size_t held_covered_ = 0;  // bytes at its beginning that are part of a value
  bool in_mask_ = false;          // what was last put out was masked
};

}  // namespace waybill
