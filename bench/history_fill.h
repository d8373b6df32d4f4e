#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace waybill::bench {

/// Puts `count` succeeded tasks with 300-byte params into a fresh SQLite ledger, by SQL on its
/// tables: ten million by calls would take ten minutes. Its counts are right afterwards. `begin` is
/// about when they were created: what is old is tidied away where something tidies.
Status fill_history(const std::string& path, std::size_t count,
                    Time begin = from_micros(1'700'000'000'000'000));

}  // namespace waybill::bench
