#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace waybill {

/// Warnings of one sort: the first kKeptMax are kept, the rest is counted.
class WarningList {
 public:
  static constexpr std::size_t kKeptMax = 1000;

  void add(std::string warning) {
    if (kept_.size() < kKeptMax) {
      kept_.push_back(std::move(warning));
    } else {
      ++more_;
    }
  }
  /// Appends those kept and, if there are more, one that says how many.
  void write(std::vector<std::string>& warnings) const {
    warnings.insert(warnings.end(), kept_.begin(), kept_.end());
    if (more_ > 0) warnings.push_back("and " + std::to_string(more_) + " more such warnings");
  }

 private:
  std::vector<std::string> kept_;
  std::int64_t more_ = 0;
};

}  // namespace waybill
