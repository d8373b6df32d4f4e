#include "apps/waybill/cli/progress_bar.h"

#include <algorithm>

namespace waybill::cli {
namespace {

constexpr std::int64_t kWidth = 24;

}  // namespace

std::string progress_bar(std::int64_t done, std::int64_t total, std::string_view label) {
  if (total <= 0) return std::to_string(done) + " " + std::string(label);
  const std::int64_t filled = std::clamp<std::int64_t>(done * kWidth / total, 0, kWidth);
  std::string bar(static_cast<std::size_t>(filled), '=');
  if (filled < kWidth) bar += '>';
  bar.resize(kWidth, ' ');
  return "[" + bar + "] " + std::to_string(done) + "/" + std::to_string(total) + " " +
         std::string(label);
}

}  // namespace waybill::cli
