#pragma once

#include "adapters/postgres/values.h"
#include "base/time.h"

namespace waybill::postgres {

/// A time that may not be set, `Time{}`: null.
inline void put_time(Params& params, Time time) {
  if (time == Time{}) {
    params.null_integer();
  } else {
    params.integer(to_micros(time));
  }
}

inline Time time_of(const Rows& rows, int row, int column) {
  return rows.is_null(row, column) ? Time{} : from_micros(rows.integer(row, column));
}

}  // namespace waybill::postgres
