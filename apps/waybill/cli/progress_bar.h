#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace waybill::cli {

/// `[=====>    ] 12/32 label`; without a bar where `total` is not known (0).
std::string progress_bar(std::int64_t done, std::int64_t total, std::string_view label);

}  // namespace waybill::cli
