#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace waybill::bench {

/// Puts `count` succeeded tasks with 300-byte params into a fresh SQLite ledger, by SQL on its
/// tables: ten million by calls would take ten minutes. Its counts are right afterwards.
Status fill_history(const std::string& path, std::size_t count);

}  // namespace waybill::bench
