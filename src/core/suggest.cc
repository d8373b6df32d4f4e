#include "core/suggest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace waybill {
namespace {

constexpr std::size_t kWordBytesMax = 64;

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  if (word.size() > kWordBytesMax) return "";
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const std::string& candidate : known) {
    if (candidate.size() > kWordBytesMax) continue;
    const std::size_t distance = edit_distance(word, candidate);
    const std::size_t near = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    if (distance <= near && (best == nullptr || distance < best_distance)) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : "; did you mean \"" + *best + "\"?";
}

std::string FewSuggestions::operator()(std::string_view word, std::span<const std::string> known) {
  if (left_ == 0) return "";
  --left_;
  return did_you_mean(word, known);
}

}  // namespace waybill
